namespace CaffeActors.Data.Metrics;

/// <summary>The fixed names of splits and metrics; outputs of nets bring their own.</summary>
public static class MetricNames
{
    /// <summary>The split of what the training net gives.</summary>
    public const string Train = "train";

    /// <summary>The split of what the machine and the process give: memory, throughput, queues.</summary>
    public const string System = "system";

    /// <summary>The split of times by layer, named <c>forward_ms/LAYER</c> and <c>backward_ms/LAYER</c>.</summary>
    public const string Layer = "layer";

    private const string TestPrefix = "test";

    /// <summary>The row that opens a segment, at the segment's first step; its value is the segment's number.</summary>
    public const string SegmentStart = "segment_start";

    /// <summary>The split of a test net.</summary>
    /// <param name="net">The test net's number, from 0.</param>
    public static string Test(int net) => $"{TestPrefix}{net}";

    /// <summary>Whether a split is a test net's: <c>test</c> and a number.</summary>
    /// <param name="split">The split.</param>
    public static bool IsTest(ReadOnlySpan<char> split) =>
        split.Length > TestPrefix.Length && split.StartsWith(TestPrefix, StringComparison.Ordinal)
        && !split[TestPrefix.Length..].ContainsAnyExceptInRange('0', '9');
}
