using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>Uniform between <c>min</c> (default 0) and <c>max</c> (default 1, at least min).</summary>
/// <param name="parameter">The filler's message.</param>
[Filler("uniform")]
public sealed class UniformFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override void RequireSuitable(Blob blob)
    {
        if (!(Parameter.Min <= Parameter.Max))
            throw Fail($"filler 'uniform' has min {Parameter.Min} above max {Parameter.Max}");
    }

    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw) =>
        RandomFill.Uniform(blob.MutableData, draw, Parameter.Min, Parameter.Max);
}
