using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>What became of the layers when weights were copied by name.</summary>
/// <param name="Loaded">Layers of the net that got weights.</param>
/// <param name="Skipped">Layers of the source that the net does not have.</param>
/// <param name="Missing">Layers of the net with learnable blobs that the source does not have; they keep their
/// filling.</param>
public sealed record WeightCopyReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Skipped, IReadOnlyList<string> Missing);

/// <summary>Weights into and between nets, matched by layer name.</summary>
public static class WeightCopy
{
    /// <summary>Copies stored weights into a net.</summary>
    /// <param name="net">The net.</param>
    /// <param name="source">The stored net; only names and blobs count.</param>
    /// <exception cref="CaffeException">A layer of the same name has other blobs.</exception>
    public static WeightCopyReport CopyTrainedLayersFrom(this Net net, NetParameter source)
    {
        List<string> loaded = [], skipped = [];
        foreach (LayerParameter stored in source.Layer)
        {
            NetLayer? target = net.FindLayer(stored.Name);
            if (target is null)
            {
                skipped.Add(stored.Name);
                continue;
            }

            if (target.Layer.Blobs.Count == 0 && stored.Blobs.Count == 0)
                continue;
            if (NvidiaBatchNorm.Fits(target, stored))
                loaded.AddRange(NvidiaBatchNorm.Copy(net, target, stored));
            else
                CopyLayer(target, stored);
            loaded.Add(stored.Name);
        }

        string[] missing = [.. net.Layers.Where(layer => layer.Layer.Blobs.Count > 0).Select(layer => layer.Name)
            .Except(loaded)];
        return new WeightCopyReport(loaded, skipped, missing);
    }

    /// <summary>Lets a net use another's weights in place; the gradients stay apart. Layers are matched by
    /// name.</summary>
    /// <exception cref="CaffeException">A layer of the same name has other blobs.</exception>
    public static void ShareTrainedLayersWith(this Net net, Net other)
    {
        foreach (NetLayer layer in net.Layers)
        {
            if (other.FindLayer(layer.Name) is not { } source)
                continue;
            RequireCount(layer, source.Layer.Blobs.Count);
            for (int i = 0; i < layer.Layer.Blobs.Count; i++)
            {
                Blob target = layer.Layer.Blobs[i], blob = source.Layer.Blobs[i];
                if (!target.Shape.SequenceEqual(blob.Shape))
                    throw Mismatch(layer.Name, i, blob.ShapeString, target.ShapeString);
                target.ShareData(blob);
            }
        }
    }

    private static void CopyLayer(NetLayer target, LayerParameter stored)
    {
        int count = stored.Blobs.Count;
        // HDF5 files keep a shared blob with its owner only: the sharer's is empty, or missing at the end.
        bool sharersMissing = count < target.Layer.Blobs.Count && target.OwnsParam.Skip(count).All(owns => !owns);
        if (!sharersMissing)
            RequireCount(target, count);
        for (int i = 0; i < count; i++)
        {
            Blob blob = target.Layer.Blobs[i];
            BlobProto source = stored.Blobs[i];
            bool isEmpty = source.Shape is null && !source.IsLegacy() && source.StoredValues() == 0;
            if (isEmpty && !target.OwnsParam[i])
                continue;
            if (!source.ShapeEquals(blob))
                throw Mismatch(target.Name, i, Blob.FormatShape(source.ShapeOf()), blob.ShapeString);
            blob.FromProto(source, reshape: false);
        }
    }

    private static void RequireCount(NetLayer layer, int count)
    {
        if (layer.Layer.Blobs.Count != count)
        {
            throw new CaffeException(ErrorCodes.WeightMismatch, FailureKind.Configuration,
                $"layer '{layer.Name}' has {layer.Layer.Blobs.Count} learnable blob(s), the weights given for it "
                + $"have {count}; "
                + "give the layer another name to learn it from scratch");
        }
    }

    private static CaffeException Mismatch(string layer, int index, string stored, string wanted) =>
        new(ErrorCodes.WeightMismatch, FailureKind.Configuration,
            $"blob {index} of layer '{layer}' is {wanted} in the net and {stored} in the weights given for it; "
            + "give the layer another name to learn it from scratch");
}
