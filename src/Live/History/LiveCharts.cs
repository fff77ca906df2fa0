using CaffeActors.Data.Metrics;

namespace CaffeActors.Live.History;

/// <summary>Which chart a metric is seen in.</summary>
internal static class LiveCharts
{
    /// <summary>The split of what is known between displays: where a run stands, some times a second.</summary>
    public const string Progress = "progress";

    private const string Waits = MetricNames.DataWaitPrefix;
    private const string Depths = MetricNames.PrefetchDepthPrefix;

    /// <summary>The charts in their order: title, unit, and by what values are divided.</summary>
    public static IReadOnlyList<(string Title, string Unit, double Divisor)> All { get; } =
    [
        ("Loss", "", 1), ("Tests", "", 1), ("Learning rate", "", 1), ("Throughput", "images/s", 1),
        ("Outputs of the train net", "", 1), ("Waiting for data", "ms an iteration", 1),
        ("Batches that stand ready", "", 1), ("Waiting for sums of gradients", "ms an iteration", 1),
        ("Memory", "MiB", 1 << 20), ("Other", "", 1),
    ];

    /// <summary>The chart of a metric, and what it is called there.</summary>
    /// <returns>The number of the chart; -1 for none.</returns>
    public static (int Chart, string Label) Of(string split, string name, int rank)
    {
        if (split == MetricNames.Train)
        {
            return name switch
            {
                "loss" => (0, "train"),
                MetricNames.ReplicaLoss => (0, $"replica {rank}"),
                "lr" => (2, "rate"),
                "images_per_second" => (3, "at displays"),
                "rollbacks" => (9, name),
                _ => (IsLoss(name) ? 0 : 4, name),
            };
        }

        if (split == Progress)
            return name == "loss" ? (0, "train, now") : (3, "now");
        if (MetricNames.IsTest(split))
            return (IsLoss(name) ? 0 : 1, $"{split} {name}");
        return name switch
        {
            MetricNames.ResidentBytes => (8, "process"),
            MetricNames.ManagedBytes => (8, "managed heap"),
            MetricNames.ReduceWait => (7, "root"),
            MetricNames.NodePass => (7, $"passes of node {rank}"),
            MetricNames.NodeWait => (7, $"waits of node {rank}"),
            MetricNames.NodeSent => (9, $"MB sent by node {rank}"),
            _ when name.StartsWith(Waits, StringComparison.Ordinal) => (5, name[Waits.Length..]),
            _ when name.StartsWith(Depths, StringComparison.Ordinal) => (6, name[Depths.Length..]),
            _ => (9, name),
        };
    }

    private static bool IsLoss(string name) => name.Contains("loss", StringComparison.OrdinalIgnoreCase);
}
