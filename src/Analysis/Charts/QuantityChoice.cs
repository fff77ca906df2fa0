using CaffeActors.Analysis.Comparison;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Analysis.Charts;

/// <summary>
/// Which of a run's metrics is meant by a quantity: nets name their outputs as they like. Names count by their last
/// part, <c>top-1</c> of <c>loss3/top-1</c>.
/// </summary>
public static class QuantityChoice
{
    /// <summary>The metric of a run, or null where it has none that could be meant. Accuracy: <c>accuracy</c>, else
    /// the shortest name with accuracy in it, else <c>top-1</c>. Test loss: <c>loss</c>, else <c>total_loss</c>, else
    /// the last of those that begin with loss, which is the main one of nets with several (GoogLeNet's
    /// <c>loss3/loss3</c>). Of several test nets the first that has one.</summary>
    /// <param name="quantity">The quantity.</param>
    /// <param name="metrics">The run's metrics, test0 before test1.</param>
    public static MetricKey? Of(ChartQuantity quantity, IEnumerable<MetricKey> metrics) => quantity switch
    {
        ChartQuantity.TrainLoss => metrics.FirstOrDefault(key => key is { Split: MetricNames.Train, Name: "loss" }),
        ChartQuantity.LearningRate => metrics.FirstOrDefault(key => key is { Split: MetricNames.Train, Name: "lr" }),
        ChartQuantity.TestAccuracy => OfTests(metrics, Accuracy),
        _ => OfTests(metrics, Loss),
    };

    private static MetricKey? OfTests(
        IEnumerable<MetricKey> metrics, Func<IReadOnlyList<MetricKey>, MetricKey?> choose) =>
        metrics.Where(key => MetricNames.IsTest(key.Split)).GroupBy(key => key.Split)
            .Select(net => choose([.. net])).FirstOrDefault(key => key is not null);

    private static MetricKey? Accuracy(IReadOnlyList<MetricKey> net) =>
        net.Where(key => LastPart(key).Contains("accuracy", StringComparison.OrdinalIgnoreCase))
            .OrderBy(key => key.Name != "accuracy").ThenBy(key => LastPart(key).Length)
            .ThenByDescending(key => key.Name, StringComparer.Ordinal).FirstOrDefault()
        ?? net.Where(key => LastPart(key) == "top-1").MaxBy(key => key.Name, StringComparer.Ordinal);

    private static MetricKey? Loss(IReadOnlyList<MetricKey> net) =>
        net.FirstOrDefault(key => key.Name == "loss") ?? net.FirstOrDefault(key => key.Name == "total_loss")
        ?? net.Where(key => LastPart(key).StartsWith("loss", StringComparison.OrdinalIgnoreCase))
            .MaxBy(key => key.Name, StringComparer.Ordinal);

    private static string LastPart(MetricKey key) => key.Name[(key.Name.LastIndexOf('/') + 1)..];
}
