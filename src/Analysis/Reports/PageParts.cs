using System.Reflection;

namespace CaffeActors.Analysis.Reports;

/// <summary>What the pages of runs have in common, those that are written and those that are served.</summary>
public static class PageParts
{
    /// <summary>The style sheet.</summary>
    public static string Style { get; } = Read("report.css");

    /// <summary>
    /// The script that draws charts. It wants an element <c>chart-grid</c> for them, a button <c>whole</c> that shows
    /// all, and buttons <c>steps</c> and <c>seconds</c> in a <c>.switch</c>; its <c>addChart</c> adds one.
    /// </summary>
    public static string ChartScript { get; } = Read("chart.js");

    /// <summary>A part by its file's name.</summary>
    internal static string Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
