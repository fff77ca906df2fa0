using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Normalization;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Weights of NVIDIA's BatchNorm, which has up to five blobs: mean, variance, a correction that is 1, and a scale and
/// bias of its own. Mean and variance are true averages, which as Caffe's sums with the factor 1 mean the same. Scale
/// and bias go to the Scale layer behind the BatchNorm layer.
/// </summary>
internal static class NvidiaBatchNorm
{
    private const int Statistics = 3;
    private const int WithScaleAndBias = 5;

    /// <summary>Whether stored blobs are of this kind: five, or three with axes of length 1 that Caffe's have
    /// not.</summary>
    public static bool Fits(NetLayer target, LayerParameter stored) =>
        target.Layer is BatchNormLayer && (stored.Blobs.Count == WithScaleAndBias
            || (stored.Blobs.Count == Statistics
                && stored.Blobs.Zip(target.Layer.Blobs, EqualButOnes).All(equal => equal)
                && !stored.Blobs.Zip(target.Layer.Blobs, BlobProtoExtensions.ShapeEquals).All(equal => equal)));

    /// <summary>Copies them.</summary>
    /// <returns>The names of the layers besides the target that got weights.</returns>
    /// <exception cref="CaffeException">The shapes differ, or no Scale layer with a bias follows.</exception>
    public static IEnumerable<string> Copy(Net net, NetLayer target, LayerParameter stored)
    {
        NetLayer? scale = null;
        if (stored.Blobs.Count == WithScaleAndBias)
        {
            scale = net.Layers.Skip(target.Rank + 1).FirstOrDefault(layer => layer.Bottom.Contains(target.Top[0]));
            if (scale is not { Layer: { Parameter.Type: "Scale", Blobs.Count: 2 }, Bottom.Length: 1 })
            {
                throw new CaffeException(ErrorCodes.WeightMismatch, FailureKind.Configuration,
                    $"the weights given for layer '{target.Name}' are of NVIDIA's BatchNorm with a scale and bias of "
                    + "its own, and no Scale layer with bias_term: true and no other reader follows it to take them");
            }
        }

        for (int i = 0; i < stored.Blobs.Count; i++)
        {
            Blob blob = i < Statistics ? target.Layer.Blobs[i] : scale!.Layer.Blobs[i - Statistics];
            if (!EqualButOnes(stored.Blobs[i], blob))
            {
                throw new CaffeException(ErrorCodes.WeightMismatch, FailureKind.Configuration,
                    $"blob {i} of the weights given for layer '{target.Name}' is "
                    + $"{Blob.FormatShape(stored.Blobs[i].ShapeOf())} where {blob.ShapeString} is needed");
            }

            int[] own = blob.Shape.ToArray();
            blob.FromProto(stored.Blobs[i]);
            blob.Reshape(own);
        }

        if (scale is null)
            return [];
        target.Layer.Blobs[Statistics - 1].MutableData[0] = 1;
        return [scale.Name];
    }

    private static bool EqualButOnes(BlobProto stored, Blob blob) => stored.ShapeOf().Where(length => length != 1)
        .SequenceEqual(blob.Shape.ToArray().Where(length => length != 1));
}
