namespace CaffeActors.Analysis.Charts;

/// <summary>One of the eight charts of Caffe's plot_training_log, by the same numbers.</summary>
/// <param name="Number">0 to 7.</param>
/// <param name="Name">What it is called in file names and on the command line.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Quantity">What is drawn upwards.</param>
/// <param name="OverSeconds">Whether it is drawn over seconds of training instead of iterations.</param>
public sealed record ChartKind(int Number, string Name, string Title, ChartQuantity Quantity, bool OverSeconds)
{
    /// <summary>All eight, by number.</summary>
    public static IReadOnlyList<ChartKind> All { get; } =
    [
        .. new[]
        {
            (ChartQuantity.TestAccuracy, "test accuracy"),
            (ChartQuantity.TestLoss, "test loss"),
            (ChartQuantity.LearningRate, "learning rate"),
            (ChartQuantity.TrainLoss, "training loss"),
        }.SelectMany((entry, i) => new[] { false, true }.Select(seconds => new ChartKind(
            (2 * i) + (seconds ? 1 : 0),
            $"{entry.Item2.Replace(' ', '-')}-{(seconds ? "seconds" : "iterations")}",
            entry.Item2, entry.Item1, seconds))),
    ];

    /// <summary>The chart of a number or name, or null.</summary>
    /// <param name="text">What the user wrote.</param>
    public static ChartKind? Find(string text) => All.FirstOrDefault(kind =>
        kind.Name == text || kind.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) == text);
}
