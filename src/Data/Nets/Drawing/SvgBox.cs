using System.Globalization;
using System.Security;
using System.Text;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>A box as SVG: its layers one below the other, and the shapes of the blobs that leave it.</summary>
internal sealed class SvgBox
{
    private const double Padding = 12, FirstHeight = 40, NextHeight = 22, Corner = 7;
    private const double NameSize = 13, TypeSize = 11, ShapeSize = 11, ShapeGap = 16;

    private readonly PictureBox _box;
    private readonly bool _down;
    private PictureArrow[] _leaving;

    /// <summary>Measures a box.</summary>
    /// <param name="box">The box.</param>
    /// <param name="leaving">Its blobs that are read, one arrow of each.</param>
    /// <param name="down">Whether the picture leads downwards.</param>
    public SvgBox(PictureBox box, PictureArrow[] leaving, bool down)
    {
        _box = box;
        _leaving = leaving;
        _down = down;
        double text = Math.Max(
            TextWidth.Of(box.Layers[0].Name, NameSize, bold: true), TextWidth.Of(Below(box.Layers[0]), TypeSize));
        foreach (PictureLayer layer in box.Layers.Skip(1))
            text = Math.Max(text, TextWidth.Of(Line(layer), TypeSize));
        Width = Math.Max(Math.Ceiling(text + (2 * Padding)), 64);
        Height = FirstHeight + ((box.Layers.Count - 1) * NextHeight);
    }

    /// <summary>Its width, without shapes.</summary>
    public double Width { get; }

    /// <summary>Its height.</summary>
    public double Height { get; }

    /// <summary>The width that it takes with the shapes below it.</summary>
    public double Footprint => Math.Max(Width, ShapesWidth);

    /// <summary>The least distance to the next rank.</summary>
    public double GapBehind => _down ? 48
        : 44 + _leaving.Select(arrow => TextWidth.Of(arrow.Shape, ShapeSize)).DefaultIfEmpty(0).Max();

    private double ShapesWidth =>
        _leaving.Sum(arrow => TextWidth.Of(arrow.Shape, ShapeSize)) + (ShapeGap * Math.Max(0, _leaving.Length - 1));

    /// <summary>Lets blobs leave in the order in which their arrows lead away.</summary>
    /// <param name="place">Where the arrow of a blob leads, across.</param>
    public void OrderPorts(Func<string, double> place) =>
        _leaving = [.. _leaving.OrderBy(arrow => place(arrow.Blob))];

    /// <summary>Where a blob leaves the box, from its middle.</summary>
    public double PortOf(string blob)
    {
        int index = Array.FindIndex(_leaving, arrow => arrow.Blob == blob);
        if (!_down)
            return (index - ((_leaving.Length - 1) / 2.0)) * 18;
        double at = -ShapesWidth / 2;
        for (int i = 0; i < index; i++)
            at += TextWidth.Of(_leaving[i].Shape, ShapeSize) + ShapeGap;
        return Math.Clamp(at + (TextWidth.Of(_leaving[index].Shape, ShapeSize) / 2), (-Width / 2) + 8, (Width / 2) - 8);
    }

    /// <summary>Draws the box.</summary>
    public void Draw(StringBuilder svg, double left, double top)
    {
        svg.Append("<g>");
        double at = top;
        for (int i = 0; i < _box.Layers.Count; i++)
        {
            PictureLayer layer = _box.Layers[i];
            double height = i == 0 ? FirstHeight : NextHeight;
            string kind = layer.Kind.ToString().ToLowerInvariant();
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"{kind}\" d=\"")
                .Append(Outline(left, at, height, i == 0, i == _box.Layers.Count - 1)).Append("\"><title>")
                .Append(SecurityElement.Escape($"{layer.Name}: {Below(layer)}")).Append("</title></path>");
            if (i == 0)
            {
                Text(svg, "name", left + (Width / 2), at + 17, layer.Name);
                Text(svg, "type", left + (Width / 2), at + 32, Below(layer));
            }
            else
            {
                Text(svg, "type", left + (Width / 2), at + 15, Line(layer));
            }

            at += height;
        }

        svg.Append(CultureInfo.InvariantCulture,
            $"<path class=\"frame\" d=\"{Outline(left, top, Height, true, true)}\"/></g>\n");
    }

    /// <summary>Draws the shapes where their blobs leave.</summary>
    public void DrawShapes(StringBuilder svg, double left, double top)
    {
        foreach (PictureArrow arrow in _leaving.Where(arrow => arrow.Shape.Length > 0))
        {
            double port = PortOf(arrow.Blob);
            if (_down)
                Text(svg, "shape", left + (Width / 2) + port, top + Height + 16, arrow.Shape);
            else
                Text(svg, "shape side", left + Width + 6, top + (Height / 2) + port - 5, arrow.Shape);
        }
    }

    private static string Below(PictureLayer layer) =>
        layer.Words.Length > 0 ? $"{layer.Type} · {layer.Words}" : layer.Type;

    private static string Line(PictureLayer layer) =>
        layer.Name == layer.Type ? Below(layer) : $"{layer.Name} · {Below(layer)}";

    private static void Text(StringBuilder svg, string style, double x, double y, string text) =>
        svg.Append(CultureInfo.InvariantCulture,
            $"<text class=\"{style}\" x=\"{Math.Round(x, 1)}\" y=\"{Math.Round(y, 1)}\">")
            .Append(SecurityElement.Escape(text)).Append("</text>");

    private string Outline(double left, double top, double height, bool roundTop, bool roundBottom)
    {
        double above = roundTop ? Corner : 0, below = roundBottom ? Corner : 0;
        return string.Create(CultureInfo.InvariantCulture,
            $"M{Math.Round(left, 1)},{Math.Round(top + above, 1)}q0,{-above} {above},{-above}h{Width - (2 * above)}"
            + $"q{above},0 {above},{above}v{height - above - below}q0,{below} {-below},{below}h{(2 * below) - Width}"
            + $"q{-below},0 {-below},{-below}z");
    }
}
