using ScottPlot;
using SkiaSharp;

namespace CaffeActors.Analysis.Charts;

/// <summary>
/// The letters of charts, from this assembly: a machine may have no fonts, and a picture must not depend on which it
/// has.
/// </summary>
internal sealed class ChartFont : IFontResolver
{
    /// <summary>The family's name.</summary>
    public const string Family = "Roboto";

    private static readonly SKTypeface _typeface = Load();

    static ChartFont()
    {
        ScottPlot.Fonts.FontResolvers.Insert(0, new ChartFont());
        ScottPlot.Fonts.Default = Family;
    }

    /// <summary>Lets a chart write in it.</summary>
    public static void Use(Plot plot) => plot.Font.Set(Family);

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Family ? _typeface : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Family ? _typeface : null;

    private static SKTypeface Load()
    {
        using Stream file = typeof(ChartFont).Assembly.GetManifestResourceStream("Roboto-Regular.ttf")!;
        return SKTypeface.FromStream(file);
    }
}
