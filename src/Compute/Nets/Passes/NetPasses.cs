namespace CaffeActors.Compute.Nets.Passes;

/// <summary>Changes to how a net is computed, not to what: made when it is built (docs/passes.md).</summary>
[Flags]
public enum NetPasses
{
    /// <summary>Each layer computes what is its own.</summary>
    None = 0,

    /// <summary>BatchNorm with global statistics and Scale become part of the layer before them, where nothing runs
    /// backward. Results differ by rounding.</summary>
    FoldBatchNorm = 1,

    /// <summary>ReLU in place is done by the layer before it as it stores its results, and backward where that saves
    /// memory traffic. Results are the same, bit for bit.</summary>
    FuseReLU = 2,

    /// <summary>Splits add up only gradients that there are, and hand a single one on. Results are the same.</summary>
    TrimSplits = 4,

    /// <summary>Convolutions of phase TEST keep their weights in the form their kernel reads, as long as nobody writes
    /// them. Results are the same.</summary>
    KeepWeights = 8,

    /// <summary>All of them.</summary>
    All = FoldBatchNorm | FuseReLU | TrimSplits | KeepWeights,
}
