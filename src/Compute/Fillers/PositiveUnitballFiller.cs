using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>Uniform in [0, 1], then each row (all elements of one index of axis 0) divided by its sum.</summary>
/// <param name="parameter">The filler's message.</param>
[Filler("positive_unitball")]
public sealed class PositiveUnitballFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw)
    {
        Span<float> data = blob.MutableData;
        RandomFill.Uniform(data, draw, 0, 1);
        int length = data.Length / (blob.AxisCount > 0 ? blob.Dim(0) : 1);
        for (; !data.IsEmpty; data = data[length..])
        {
            double sum = 0;
            foreach (float value in data[..length])
                sum += value;
            foreach (ref float value in data[..length])
                value = sum > 0 ? (float)(value / sum) : 1f / length;
        }
    }
}
