using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Transforms;

/// <summary>A mean image: what <c>mean_file</c> names, a BlobProto of one image.</summary>
/// <param name="Channels">Its channels.</param>
/// <param name="Height">Its rows.</param>
/// <param name="Width">Its columns.</param>
/// <param name="Values">Its values, channel after channel, row after row.</param>
internal sealed record MeanImage(int Channels, int Height, int Width, float[] Values)
{
    /// <summary>Reads a mean file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="failure">Makes errors.</param>
    /// <exception cref="CaffeException">It cannot be read, is no BlobProto, or no single image.</exception>
    public static MeanImage Read(string path, FailureFactory failure)
    {
        using Blob blob = BlobFile.Read("mean_file", path, failure);
        if (blob.AxisCount is < 3 or > 4 || (blob.AxisCount == 4 && blob.Dim(0) != 1))
        {
            throw failure(ErrorCodes.ShapeMismatch,
                $"mean_file '{path}' has the shape {blob.ShapeString}; it must be one image");
        }

        return new MeanImage(blob.Dim(-3), blob.Dim(-2), blob.Dim(-1), blob.Data.ToArray());
    }
}
