using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>
/// Weights of a bilinear interpolation, for a Deconvolution that enlarges. Four axes with a square kernel of K: with
/// f = ceil(K / 2) and c = (K - 1) / (2 f) each plane holds (1 - |x / f - c|) * (1 - |y / f - c|).
/// To enlarge s times: kernel 2 s - s % 2, stride s, pad ceil((s - 1) / 2), group = num_output = channels.
/// </summary>
/// <param name="parameter">The filler's message.</param>
[Filler("bilinear")]
public sealed class BilinearFiller(FillerParameter parameter) : Filler(parameter)
{
    /// <inheritdoc/>
    protected override void RequireSuitable(Blob blob)
    {
        if (blob.AxisCount != 4 || blob.Dim(2) != blob.Dim(3))
            throw Fail($"filler 'bilinear' needs a blob of four axes with a square kernel, not {blob.ShapeString}");
    }

    /// <inheritdoc/>
    protected override void FillData(Blob blob, RandomDraw draw)
    {
        int kernel = blob.Dim(3);
        float factor = (kernel + 1) / 2, centre = (kernel - 1) / (2 * factor);
        Span<float> data = blob.MutableData;
        for (int i = 0; i < data.Length; i++)
        {
            int x = i % kernel, y = i / kernel % kernel;
            data[i] = (1 - MathF.Abs((x / factor) - centre)) * (1 - MathF.Abs((y / factor) - centre));
        }
    }
}
