using System.Globalization;
using System.Xml.Linq;
using CaffeActors.Data.Nets.Drawing;

namespace CaffeActors.Data.Tests.Nets.Drawing;

public sealed class SvgDrawingTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static readonly NetPicture Picture = new(
        "a < b & \"c\"",
        [
            new PictureBox([new PictureLayer("data", "Data", "batch 4", LayerKind.Data)]),
            new PictureBox(
                [
                    new PictureLayer("conv", "Convolution", "20, 5×5", LayerKind.Convolution),
                    new PictureLayer("relu", "ReLU", "", LayerKind.Activation),
                ]),
            new PictureBox([new PictureLayer("loss", "SoftmaxWithLoss", "", LayerKind.Loss)]),
        ],
        [
            new PictureArrow(0, 1, "data", "4×1×28×28"), new PictureArrow(1, 2, "conv", "4×20×24×24"),
            new PictureArrow(0, 2, "label", "4"),
        ]);

    private static XElement Draw(PictureDirection direction) =>
        XDocument.Parse(SvgDrawing.Draw(Picture, direction)).Root!;

    private static string[] Texts(XElement svg, string style) =>
    [
        .. svg.Descendants(Svg + "text").Where(text => text.Attribute("class")!.Value.Split(' ')[0] == style)
            .Select(text => text.Value),
    ];

    private static double Number(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(PictureDirection.Down)]
    [InlineData(PictureDirection.Right)]
    public void Svg_HasNamesTypesShapesAndLegend(PictureDirection direction)
    {
        XElement svg = Draw(direction);
        Assert.Equal(["a < b & \"c\""], Texts(svg, "title"));
        Assert.Equal(["data", "conv", "loss"], Texts(svg, "name"));
        Assert.Equal(["Data · batch 4", "Convolution · 20, 5×5", "relu · ReLU", "SoftmaxWithLoss"], Texts(svg, "type"));
        Assert.Equal(["4", "4×1×28×28", "4×20×24×24"], Texts(svg, "shape").Order(StringComparer.Ordinal));
        Assert.Equal(["data", "convolution", "activation", "loss"], Texts(svg, "legend"));
        Assert.Equal(3, svg.Descendants(Svg + "path").Count(path => path.Attribute("class")?.Value == "arrow"));
        Assert.Contains("prefers-color-scheme: dark", svg.Element(Svg + "style")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Direction_TurnsThePicture()
    {
        Assert.Equal([0, 1, 2], Order(Draw(PictureDirection.Down), "y"));
        Assert.Equal([0, 1, 2], Order(Draw(PictureDirection.Right), "x"));

        static int[] Order(XElement svg, string axis)
        {
            double[] places =
            [
                .. svg.Descendants(Svg + "text").Where(text => text.Attribute("class")!.Value == "name")
                    .Select(text => Number(text, axis)),
            ];
            Assert.Equal(3, places.Distinct().Count());
            return [.. Enumerable.Range(0, 3).OrderBy(i => places[i])];
        }
    }

    [Fact]
    public void EmptyPicture_IsDrawn() =>
        Assert.NotNull(XDocument.Parse(SvgDrawing.Draw(new NetPicture("nothing", [], []), PictureDirection.Down)).Root);
}
