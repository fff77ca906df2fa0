using System.Globalization;
using System.Text;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>What the colours of a picture mean.</summary>
internal static class SvgLegend
{
    private const double Swatch = 14, Gap = 20, LineHeight = 22;

    /// <summary>The width of the legend on one line.</summary>
    public static double WidthOf(IEnumerable<LayerKind> kinds) => kinds.Sum(ItemWidth);

    /// <summary>Draws the legend, on as many lines as it takes.</summary>
    /// <param name="kinds">The kinds there are.</param>
    /// <param name="left">Where it begins.</param>
    /// <param name="top">Where it begins.</param>
    /// <param name="width">How wide it may be.</param>
    /// <param name="height">How high it is.</param>
    public static string Draw(IReadOnlyList<LayerKind> kinds, double left, double top, double width, out double height)
    {
        var svg = new StringBuilder("<g>");
        double x = left, y = top;
        foreach (LayerKind kind in kinds)
        {
            if (x > left && x + ItemWidth(kind) - Gap > left + width)
                (x, y) = (left, y + LineHeight);
            string name = kind.ToString().ToLowerInvariant();
            svg.Append(CultureInfo.InvariantCulture,
                $"<rect class=\"{name} frame\" x=\"{x}\" y=\"{y}\" width=\"{Swatch}\" height=\"{Swatch}\" rx=\"3\"/>")
                .Append(CultureInfo.InvariantCulture,
                $"<text class=\"legend\" x=\"{Math.Round(x + Swatch + 6, 1)}\" y=\"{y + 11}\">{name}</text>");
            x = Math.Round(x + ItemWidth(kind), 1);
        }

        height = kinds.Count == 0 ? 0 : y - top + LineHeight;
        return svg.Append("</g>\n").ToString();
    }

    private static double ItemWidth(LayerKind kind) => Swatch + 6 + TextWidth.Of(kind.ToString(), 11) + Gap;
}
