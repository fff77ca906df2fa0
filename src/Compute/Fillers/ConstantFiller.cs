using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>Every element is <c>value</c> (default 0).</summary>
/// <param name="parameter">The filler's message.</param>
[Filler("constant")]
public sealed class ConstantFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw) => blob.MutableData.Fill(Parameter.Value);
}
