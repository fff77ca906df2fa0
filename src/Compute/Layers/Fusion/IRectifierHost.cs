namespace CaffeActors.Compute.Layers.Fusion;

/// <summary>A layer that can rectify its top as it writes it, in place of a layer that would do so next. The bits are
/// the same.</summary>
internal interface IRectifierHost
{
    /// <summary>Whether it can, as it is set and where it computes. Valid after <see cref="Layer.SetUp"/>.</summary>
    bool CanRectify { get; }

    /// <summary>Whether it can also turn the gradient of its rectified top into that of its sums, in the diff of the
    /// top.</summary>
    bool CanRectifyGradient { get; }

    /// <summary>Tells it to do so from now on.</summary>
    /// <param name="slope">The slope below 0, at least 0; null: no longer.</param>
    /// <param name="gradientToo">Whether backward too.</param>
    void Rectify(float? slope, bool gradientToo);
}
