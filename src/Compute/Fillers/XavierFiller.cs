using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>
/// Uniform in [-a, a], a = sqrt(3 / n), of variance 1 / n; n by <c>variance_norm</c> (FAN_IN by default).
/// Glorot and Bengio: Understanding the difficulty of training deep feedforward neural networks, 2010; theirs is
/// AVERAGE.
/// </summary>
/// <param name="parameter">The filler's message.</param>
[Filler("xavier")]
public sealed class XavierFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw)
    {
        float bound = MathF.Sqrt(3 / Fan(blob));
        RandomFill.Uniform(blob.MutableData, draw, -bound, bound);
    }
}
