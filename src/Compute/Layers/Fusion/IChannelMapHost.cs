namespace CaffeActors.Compute.Layers.Fusion;

/// <summary>A layer that can make the maps behind it part of its own numbers, in nets that only run forward.</summary>
internal interface IChannelMapHost
{
    /// <summary>Whether it can, as it is set and where it computes. Valid after <see cref="Layer.SetUp"/>.</summary>
    /// <param name="axis">The axis of the maps' channels in its top.</param>
    bool CanFold(int axis);

    /// <summary>Bytes it keeps beside its own blobs for it; 0 where it has not been told to.</summary>
    long FoldedBytes { get; }

    /// <summary>Tells it to do so from now on.</summary>
    /// <param name="maps">The maps in their order; empty: no longer.</param>
    void Fold(IReadOnlyList<IChannelMap> maps);
}
