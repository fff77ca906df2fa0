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

    /// <summary>Mean milliseconds of a layer's forward pass: this and the layer's name.</summary>
    public const string ForwardPrefix = "forward_ms/";

    /// <summary>Mean milliseconds of a layer's backward pass: this and the layer's name.</summary>
    public const string BackwardPrefix = "backward_ms/";

    /// <summary>Mean milliseconds that an iteration waited for a data layer: this and its name.</summary>
    public const string DataWaitPrefix = "data_wait_ms/";

    /// <summary>Mean batches of a data layer that stood ready: this and its name.</summary>
    public const string PrefetchDepthPrefix = "prefetch_depth/";

    /// <summary>Bytes of memory of the process.</summary>
    public const string ResidentBytes = "rss_bytes";

    /// <summary>Bytes of the managed heap.</summary>
    public const string ManagedBytes = "gc_heap_bytes";

    /// <summary>Loss of a replica's own records, by rank.</summary>
    public const string ReplicaLoss = "replica_loss";

    /// <summary>Mean milliseconds from the end of the root's passes to its last update.</summary>
    public const string ReduceWait = "reduce_wait_ms";

    /// <summary>Mean milliseconds of a node's passes in an iteration, by rank.</summary>
    public const string NodePass = "node_pass_ms";

    /// <summary>Mean milliseconds that a node waited for the others' gradients after its passes, by rank.</summary>
    public const string NodeWait = "node_wait_ms";

    /// <summary>Mean megabytes that a node sent to others in an iteration, by rank.</summary>
    public const string NodeSent = "node_sent_mb";

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
