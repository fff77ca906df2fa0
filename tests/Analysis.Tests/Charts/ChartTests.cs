using System.Xml.Linq;
using CaffeActors.Analysis.Charts;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;
using SkiaSharp;

namespace CaffeActors.Analysis.Tests.Charts;

public sealed class ChartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Png_HasItsSizeItsLettersAndALineInEachColour()
    {
        string path = _folder.At("a.png");
        Chart(Line("a", 1, 5, 2), Line("b", 2, 1, 4)).Write(path, 400, 300);
        using SKBitmap image = SKBitmap.Decode(path);
        Assert.Equal((400, 300), (image.Width, image.Height));
        Assert.True(Count(image, 0x1f, 0x77, 0xb4) > 100, "the first line");
        Assert.True(Count(image, 0xff, 0x7f, 0x0e) > 100, "the second line");
        // Letters of the title, above everything else.
        Assert.True(Enumerable.Range(0, 400).Sum(x => Enumerable.Range(0, 35)
            .Count(y => image.GetPixel(x, y) is { Red: < 128, Green: < 128, Blue: < 128 })) > 40, "the title");
    }

    [Fact]
    public void Svg_TellsTitleAxesAndLegend()
    {
        string path = _folder.At("a.svg");
        Chart(Line("first", 1, 5, 2), Line("second", 2, 1, 4)).Write(path, 640, 400);
        XDocument document = XDocument.Load(path);
        string[] texts = [.. document.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim())];
        Assert.Equal(["Title", "x", "y", "first", "second"],
            texts.Where(text => text is "Title" or "x" or "y" or "first" or "second").OrderBy(Place));
        Assert.Contains("Roboto, Arial, Helvetica, sans-serif", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal("640", document.Root!.Attribute("width")!.Value);
        static int Place(string text) => Array.IndexOf(["Title", "x", "y", "first", "second"], text);
    }

    [Fact]
    public void OneLine_HasNoLegend()
    {
        string path = _folder.At("a.svg");
        Chart(Line("only", 1, 2)).Write(path, 640, 400);
        Assert.DoesNotContain("only", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Gaps_SplitLines()
    {
        ChartLine line = Line("a", 1, 2, double.NaN, 3, double.PositiveInfinity);
        Assert.Equal([[1.0, 2.0], [3.0]], line.Pieces().Select(piece => piece.Ys));
        Assert.Empty(Line("a", double.NaN).Pieces());
    }

    [Fact]
    public void LongLines_KeepTheirPeaks()
    {
        double[] values = new double[100_000];
        values[31_234] = 7;
        values[64_321] = -3;
        (double[] xs, double[] ys) = Assert.Single(Line("a", values).Pieces());
        Assert.True(xs.Length <= 4002);
        Assert.Equal((7, -3), (ys.Max(), ys.Min()));
        Assert.Equal(31_234, xs[Array.IndexOf(ys, 7)]);
        Assert.Equal(xs.Order(), xs);
    }

    [Fact]
    public void File_ThatCannotBeWritten_IsTold()
    {
        string path = _folder.At("none", "a.png");
        var failure = Assert.Throws<CaffeException>(() => Chart(Line("a", 1)).Write(path, 10, 10));
        Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
    }

    [Theory]
    [InlineData(0.0, 1.0, 3.0, 5.0)]
    [InlineData(0.5, 1.0, 7.0 / 3, 27.0 / 7)]
    public void Smoothing_IsTheWeighedMean(double weight, params double[] expected)
    {
        double[] smooth = Smoothing.Apply([1, 3, double.NaN, 5], weight);
        Assert.Equal(double.NaN, smooth[2]);
        Assert.Equal(expected, [smooth[0], smooth[1], smooth[3]], (a, b) => Math.Abs(a - b) < 1e-12);
    }

    private static Chart Chart(params ChartLine[] lines) => new("Title", "x", "y", lines);

    private static ChartLine Line(string label, params double[] values) =>
        new(label, [.. Enumerable.Range(0, values.Length).Select(i => (double)i)], values);

    private static int Count(SKBitmap image, byte red, byte green, byte blue) =>
        image.Pixels.Count(pixel => pixel.Red == red && pixel.Green == green && pixel.Blue == blue);
}
