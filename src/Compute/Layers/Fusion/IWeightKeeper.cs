namespace CaffeActors.Compute.Layers.Fusion;

/// <summary>A layer that can keep its weights in the form its kernel reads, as long as nobody writes them.</summary>
internal interface IWeightKeeper
{
    /// <summary>Bytes that takes; 0 where the layer, as it is set and where it computes, has no use for it. Valid after
    /// <see cref="Layer.SetUp"/>.</summary>
    long KeptWeightBytes { get; }

    /// <summary>Tells it to do so from now on.</summary>
    void KeepWeights();
}
