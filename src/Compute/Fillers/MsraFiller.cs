using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>
/// Normal distribution with mean 0 and variance 2 / n; n by <c>variance_norm</c> (FAN_IN by default).
/// He, Zhang, Ren and Sun: Delving deep into rectifiers, 2015.
/// </summary>
/// <param name="parameter">The filler's message.</param>
[Filler("msra")]
public sealed class MsraFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw) =>
        RandomFill.Gaussian(blob.MutableData, draw, 0, MathF.Sqrt(2 / Fan(blob)));
}
