using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>
/// Normal distribution with <c>mean</c> (default 0) and standard deviation <c>std</c> (default 1, above 0). With
/// <c>sparse</c> s (0 to shape(0); default -1: off) each element stays with probability s / shape(0), else it is 0:
/// in a fully connected layer an input then has s outputs in the mean.
/// </summary>
/// <param name="parameter">The filler's message.</param>
[Filler("gaussian")]
public sealed class GaussianFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override bool AllowsSparse => true;

    /// <inheritdoc/>
    protected override void RequireSuitable(Blob blob)
    {
        if (!(Parameter.Std > 0))
            throw Fail($"filler 'gaussian' has std {Parameter.Std}; it must be above 0 ('constant' gives one value)");
        int outputs = OutputsOf(blob);
        if (Parameter.Sparse < -1 || Parameter.Sparse > outputs)
        {
            throw Fail(
                $"filler 'gaussian' has sparse {Parameter.Sparse}; it must be -1 (off) or 0 to {outputs}, the first "
                + $"dimension of the blob ({blob.ShapeString})");
        }
    }

    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw)
    {
        RandomFill.Gaussian(blob.MutableData, draw, Parameter.Mean, Parameter.Std);
        if (Parameter.Sparse >= 0)
            RandomFill.Thin(blob.MutableData, draw, Parameter.Sparse / (double)OutputsOf(blob));
    }

    private static int OutputsOf(Blob blob) => blob.AxisCount > 0 ? blob.Dim(0) : 1;
}
