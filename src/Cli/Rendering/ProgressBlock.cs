using System.Globalization;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Rendering;

/// <summary>The live block of a training run: bar, iterations, loss, rate, images a second, time left.</summary>
/// <param name="console">Where it is drawn.</param>
/// <param name="width">Columns to use.</param>
internal sealed class ProgressBlock(LiveConsole console, int width) : IRunObserver
{
    /// <inheritdoc/>
    public void OnProgress(Progress progress) => console.Draw(Render(progress, width));

    /// <inheritdoc/>
    public void OnEnd() => console.Draw();

    /// <summary>The block's lines, none longer than the width.</summary>
    public static string[] Render(Progress progress, int width)
    {
        string figures = string.Create(CultureInfo.InvariantCulture,
            $"loss {LogNumber.Format(progress.Loss)}  lr {LogNumber.Format(progress.Rate)}  "
            + $"{progress.ImagesPerSecond:F0} images/s  ETA {Time(progress.Left)}");
        return [Bar("", progress.Iteration, progress.MaxIteration, width), Cut(figures, width)];
    }

    /// <summary>A bar with counts, no longer than the width.</summary>
    /// <param name="name">What stands before it, or empty.</param>
    /// <param name="done">What is done.</param>
    /// <param name="all">What is to be done.</param>
    /// <param name="width">Columns.</param>
    public static string Bar(string name, long done, long all, int width)
    {
        double share = all > 0 ? (double)done / all : 1;
        string counts = string.Create(CultureInfo.InvariantCulture, $" {done}/{all} {share * 100:F1}%");
        string lead = name.Length > 0 ? name + " " : "";
        int cells = Math.Clamp(width - lead.Length - counts.Length - 2, 5, 60);
        int full = (int)(cells * share);
        return Cut($"{lead}[{new string('#', full)}{new string('.', cells - full)}]{counts}", width);
    }

    private static string Cut(string line, int width) => line.Length <= width ? line : line[..width];

    private static string Time(TimeSpan time) => time.TotalDays >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d {time:hh\\:mm}")
        : time.ToString("hh\\:mm\\:ss", CultureInfo.InvariantCulture);
}
