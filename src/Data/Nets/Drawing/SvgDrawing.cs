using System.Globalization;
using System.Security;
using System.Text;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>Draws a picture as SVG: boxes coloured by the kind of layer, shapes at the arrows, a legend. It follows the
/// viewer's choice of light or dark.</summary>
public sealed class SvgDrawing
{
    private const double Margin = 24, TitleHeight = 36, GapAcross = 22;

    private readonly NetPicture _picture;
    private readonly bool _down;
    private readonly SvgBox[] _boxes;
    private readonly LayeredLayout _layout;
    private readonly double[] _rankStart;
    private readonly double[] _rankLength;
    private readonly StringBuilder _svg = new();

    private SvgDrawing(NetPicture picture, PictureDirection direction)
    {
        _picture = picture;
        _down = direction == PictureDirection.Down;
        _boxes = [.. picture.Boxes.Select((box, i) => new SvgBox(
            box, [.. picture.Arrows.Where(arrow => arrow.From == i).DistinctBy(arrow => arrow.Blob)], _down))];
        _layout = new LayeredLayout(
            [.. _boxes.Select(box => _down ? box.Footprint : box.Height)],
            [.. picture.Arrows.Select(arrow => (arrow.From, arrow.To)).Distinct()], GapAcross);
        _rankStart = new double[_layout.RankCount];
        _rankLength = new double[_layout.RankCount];
        PlaceRanks();
        for (int i = 0; i < _boxes.Length; i++)
        {
            int from = i;
            _boxes[i].OrderPorts(blob => picture.Arrows.Where(arrow => arrow.From == from && arrow.Blob == blob)
                .Average(arrow => FirstAfter(arrow).At));
        }
    }

    /// <summary>Draws.</summary>
    /// <param name="picture">What.</param>
    /// <param name="direction">Which way it leads.</param>
    /// <returns>The text of an SVG file.</returns>
    public static string Draw(NetPicture picture, PictureDirection direction) =>
        new SvgDrawing(picture, direction).Draw();

    private string Draw()
    {
        double across = _layout.Boxes.Select(cell => cell.At + (cell.Breadth / 2))
            .Concat(_layout.Bends.Values.SelectMany(bends => bends).Select(bend => bend.At)).DefaultIfEmpty(0).Max();
        double along = _rankStart.Length == 0 ? 0 : _rankStart[^1] + _rankLength[^1];
        LayerKind[] kinds =
            [.. _picture.Boxes.SelectMany(box => box.Layers).Select(layer => layer.Kind).Distinct().Order()];
        double drawn = _down ? across : along;
        double width = Math.Ceiling(Math.Max(
            Math.Max(drawn, Math.Min(SvgLegend.WidthOf(kinds), 360)), TextWidth.Of(_picture.Title, 16, bold: true))
            + (2 * Margin));
        double top = Margin + TitleHeight, left = Margin + Math.Max(0, (width - (2 * Margin) - drawn) / 2);
        double bottom = top + (_down ? along : across) + Margin;
        string legend = SvgLegend.Draw(kinds, Margin, bottom, width - (2 * Margin), out double legendHeight);
        double height = Math.Ceiling(bottom + legendHeight + Margin);
        string title = SecurityElement.Escape(_picture.Title);
        _svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" ")
            .Append(CultureInfo.InvariantCulture, $"viewBox=\"0 0 {width} {height}\" role=\"img\">\n")
            .Append(CultureInfo.InvariantCulture, $"<title>{title}</title>\n{SvgStyle.Text}")
            .Append("<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n")
            .Append(CultureInfo.InvariantCulture,
                $"<text class=\"title\" x=\"{Margin}\" y=\"{Margin + 14}\">{title}</text>\n")
            .Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({Px(left)} {Px(top)})\">\n");
        for (int i = 0; i < _boxes.Length; i++)
            _boxes[i].Draw(_svg, Left(i), Top(i));
        DrawArrows();
        return _svg.Append("</g>\n").Append(legend).Append("</svg>\n").ToString();
    }

    private void PlaceRanks()
    {
        double at = 0;
        for (int rank = 0; rank < _rankStart.Length; rank++)
        {
            SvgBox[] boxes = [.. _boxes.Where((_, i) => _layout.Boxes[i].Rank == rank)];
            _rankStart[rank] = at;
            _rankLength[rank] = boxes.Max(box => _down ? box.Height : box.Width);
            at += _rankLength[rank] + boxes.Max(box => box.GapBehind);
        }
    }

    private double Left(int box) => _down
        ? _layout.Boxes[box].At - (_boxes[box].Width / 2) : AlongOf(box, _boxes[box].Width);

    private double Top(int box) => _down
        ? AlongOf(box, _boxes[box].Height) : _layout.Boxes[box].At - (_boxes[box].Height / 2);

    // In the middle of its rank.
    private double AlongOf(int box, double length) =>
        _rankStart[_layout.Boxes[box].Rank] + ((_rankLength[_layout.Boxes[box].Rank] - length) / 2);

    private void DrawArrows()
    {
        for (int to = 0; to < _boxes.Length; to++)
        {
            PictureArrow[] arriving =
                [.. _picture.Arrows.Where(arrow => arrow.To == to).OrderBy(arrow => LastBefore(arrow).At)];
            double room = Math.Min(16, (_down ? _boxes[to].Width : _boxes[to].Height) / (arriving.Length + 1));
            for (int i = 0; i < arriving.Length; i++)
                DrawArrow(arriving[i], (i - ((arriving.Length - 1) / 2.0)) * room);
        }

        for (int from = 0; from < _boxes.Length; from++)
            _boxes[from].DrawShapes(_svg, Left(from), Top(from));
    }

    private LayoutCell FirstAfter(PictureArrow arrow) =>
        _layout.Bends[(arrow.From, arrow.To)] is [var first, ..] ? first : _layout.Boxes[arrow.To];

    private LayoutCell LastBefore(PictureArrow arrow) =>
        _layout.Bends[(arrow.From, arrow.To)] is [.., var last] ? last : _layout.Boxes[arrow.From];

    private void DrawArrow(PictureArrow arrow, double offset)
    {
        SvgBox from = _boxes[arrow.From];
        double startAcross = (_down ? Left(arrow.From) + (from.Width / 2) : Top(arrow.From) + (from.Height / 2))
            + from.PortOf(arrow.Blob);
        double startAlong = _down ? Top(arrow.From) + from.Height : Left(arrow.From) + from.Width;
        double endAcross = _layout.Boxes[arrow.To].At + offset;
        double endAlong = _down ? Top(arrow.To) : Left(arrow.To);
        var path = new StringBuilder($"M{Point(startAcross, startAlong)}");
        double across = startAcross, along = startAlong;
        foreach (LayoutCell bend in _layout.Bends[(arrow.From, arrow.To)])
        {
            double enter = _rankStart[bend.Rank], leave = enter + _rankLength[bend.Rank];
            Curve(path, across, along, bend.At, enter);
            path.Append(CultureInfo.InvariantCulture, $"L{Point(bend.At, leave)}");
            (across, along) = (bend.At, leave);
        }

        Curve(path, across, along, endAcross, endAlong - 1);
        string blob = SecurityElement.Escape($"{arrow.Blob} {arrow.Shape}".TrimEnd());
        _svg.Append(CultureInfo.InvariantCulture,
            $"<path class=\"arrow\" d=\"{path}\" marker-end=\"url(#head)\"><title>{blob}</title></path>\n");
    }

    private void Curve(StringBuilder path, double across, double along, double toAcross, double toAlong)
    {
        double middle = (along + toAlong) / 2;
        path.Append(CultureInfo.InvariantCulture,
            $"C{Point(across, middle)} {Point(toAcross, middle)} {Point(toAcross, toAlong)}");
    }

    private string Point(double across, double along) =>
        _down ? $"{Px(across)},{Px(along)}" : $"{Px(along)},{Px(across)}";

    private static string Px(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);
}
