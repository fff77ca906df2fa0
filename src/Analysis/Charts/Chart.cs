using System.Globalization;
using CaffeActors.Data.Files;
using ScottPlot;

namespace CaffeActors.Analysis.Charts;

/// <summary>A chart of lines, as PNG or SVG.</summary>
/// <param name="Title">What stands above it.</param>
/// <param name="XLabel">What is drawn to the right.</param>
/// <param name="YLabel">What is drawn upwards.</param>
/// <param name="Lines">The lines, each in a colour of its own; from two on there is a legend.</param>
/// <param name="SmoothingWeight">How much lines are smoothed, 0 (not at all) to less than 1; the measured one stands
/// pale behind it.</param>
public sealed record Chart(
    string Title, string XLabel, string YLabel, IReadOnlyList<ChartLine> Lines, double SmoothingWeight = 0)
{
    private const int FewPoints = 30;
    private const float LineWidth = 2;
    private const float MarkerSize = 6;
    private const double PaleAlpha = 0.25;
    private const double TickDensity = 0.5;
    private const float LeftSize = 90;

    // Where the family is not installed, one of much the same widths stands in.
    private const string SvgFamilies = ChartFont.Family + ", Arial, Helvetica, sans-serif";

    /// <summary>Whether a file name tells a form that charts have.</summary>
    /// <param name="path">The file name.</param>
    public static bool CanWrite(string path) => FormOf(path) is ".png" or ".svg";

    /// <summary>Writes the chart.</summary>
    /// <param name="path">The file: a PNG where it ends in .png, else an SVG.</param>
    /// <param name="width">Pixels, 1 or more.</param>
    /// <param name="height">Pixels, 1 or more.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1404: it cannot be written.</exception>
    public void Write(string path, int width, int height)
    {
        using Plot plot = Draw();
        if (FormOf(path) == ".png")
        {
            byte[] image = plot.GetImageBytes(width, height, ImageFormat.Png);
            AtomicFile.Write(path, stream => stream.Write(image));
        }
        else
        {
            AtomicFile.WriteText(path, plot.GetSvgXml(width, height).Replace(
                $"font-family=\"{ChartFont.Family}\"", $"font-family=\"{SvgFamilies}\"", StringComparison.Ordinal));
        }
    }

    private Plot Draw()
    {
        var plot = new Plot();
        ChartFont.Use(plot);
        plot.Title(Title, size: 18);
        plot.XLabel(XLabel, size: 15);
        plot.YLabel(YLabel, size: 15);
        bool hasLegend = Lines.Count > 1;
        var palette = new ScottPlot.Palettes.Category10();
        for (int i = 0; i < Lines.Count; i++)
        {
            Color color = palette.GetColor(i);
            if (SmoothingWeight > 0)
            {
                Draw(plot, Lines[i], color.WithAlpha(PaleAlpha), named: false);
                Draw(plot, Lines[i] with { Ys = Smoothing.Apply(Lines[i].Ys, SmoothingWeight) }, color, hasLegend);
            }
            else
            {
                Draw(plot, Lines[i], color, hasLegend);
            }
        }

        foreach (IAxis axis in new IAxis[] { plot.Axes.Left, plot.Axes.Bottom })
            axis.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { TickDensity = TickDensity };
        // Room for the longest numbers, and the same in all charts.
        plot.Axes.Left.MinimumSize = LeftSize;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Transparent;
        if (hasLegend)
            plot.ShowLegend(Edge.Bottom);
        return plot;
    }

    private static void Draw(Plot plot, ChartLine line, Color color, bool named)
    {
        bool isFew = line.Xs.Count <= FewPoints;
        foreach ((double[] xs, double[] ys) in line.Pieces())
        {
            var scatter = plot.Add.Scatter(xs, ys, color);
            scatter.LineWidth = LineWidth;
            // Single points make no line.
            scatter.MarkerSize = isFew || xs.Length == 1 ? MarkerSize : 0;
            scatter.LegendText = named ? line.Label : "";
            named = false;
        }
    }

    private static string FormOf(string path) => Path.GetExtension(path).ToLower(CultureInfo.InvariantCulture);
}
