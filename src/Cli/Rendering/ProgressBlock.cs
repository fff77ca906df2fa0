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
        double share = progress.MaxIteration > 0 ? (double)progress.Iteration / progress.MaxIteration : 1;
        string counts = string.Create(CultureInfo.InvariantCulture, $" {progress.Iteration}/{progress.MaxIteration} {share * 100:F1}%");
        int cells = Math.Clamp(width - counts.Length - 2, 5, 60);
        int full = (int)(cells * share);
        string bar = $"[{new string('#', full)}{new string('.', cells - full)}]{counts}";
        string figures = string.Create(CultureInfo.InvariantCulture,
            $"loss {LogNumber.Format(progress.Loss)}  lr {LogNumber.Format(progress.Rate)}  {progress.ImagesPerSecond:F0} images/s  ETA {Time(progress.Left)}");
        return [Cut(bar, width), Cut(figures, width)];
    }

    private static string Cut(string line, int width) => line.Length <= width ? line : line[..width];

    private static string Time(TimeSpan time) => time.TotalDays >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d {time:hh\\:mm}")
        : time.ToString("hh\\:mm\\:ss", CultureInfo.InvariantCulture);
}
