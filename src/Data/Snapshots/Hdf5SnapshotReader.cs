using System.Globalization;
using CaffeActors.Compute.Schema;
using PureHDF;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// Reads what <see cref="Hdf5SnapshotWriter"/> and Caffe write. Damage shows as whatever exception the library's
/// decoding runs into; <see cref="SnapshotFile"/> turns it into an error with the file's name.
/// </summary>
internal static class Hdf5SnapshotReader
{
    /// <summary>
    /// Reads weights: the layers of the group <c>params</c> or, where there is none, <c>data</c>. A layer has a name
    /// and blobs, nothing else; a blob that only its owner keeps is left empty, without a shape.
    /// </summary>
    /// <returns>The net, or null where the file has no such group.</returns>
    public static NetParameter? ReadNet(string path)
    {
        using var file = H5File.OpenRead(path);
        string? root = file.LinkExists("params") ? "params" : file.LinkExists("data") ? "data" : null;
        if (root is null || file.Get(root) is not IH5Group layers)
            return null;
        var net = new NetParameter();
        foreach (IH5Object child in layers.Children())
        {
            if (child is IH5Group group)
                AddLayers(net, child.Name, group);
        }

        return net;
    }

    /// <summary>Reads a solver's state.</summary>
    /// <returns>The state, or null where the file has not what makes one.</returns>
    public static SolverState? ReadState(string path)
    {
        using var file = H5File.OpenRead(path);
        if (!file.LinkExists("iter") || !file.LinkExists("learned_net") || !file.LinkExists("history"))
            return null;
        var state = new SolverState
        {
            Iter = file.Dataset("iter").Read<int[]>()[0],
            LearnedNet = file.Dataset("learned_net").Read<string>().TrimEnd('\0'),
        };
        if (file.LinkExists("current_step"))
            state.CurrentStep = file.Dataset("current_step").Read<int[]>()[0];
        state.History.AddRange(ReadBlobs(file.Group("history")));
        return state;
    }

    // A group is a layer where it holds blobs or nothing; groups inside it are layers with a '/' in their names.
    private static void AddLayers(NetParameter net, string name, IH5Group group)
    {
        List<IH5Object> children = [.. group.Children()];
        if (children.Count == 0 || children.Exists(child => child is IH5Dataset))
        {
            var layer = new LayerParameter { Name = name };
            layer.Blobs.AddRange(ReadBlobs(group));
            net.Layer.Add(layer);
        }

        foreach (IH5Object child in children)
        {
            if (child is IH5Group inner)
                AddLayers(net, $"{name}/{child.Name}", inner);
        }
    }

    private static List<BlobProto> ReadBlobs(IH5Group group)
    {
        List<BlobProto> blobs = [];
        foreach (IH5Object child in group.Children())
        {
            if (child is not IH5Dataset dataset)
                continue;
            int index = int.Parse(child.Name, NumberStyles.None, CultureInfo.InvariantCulture);
            while (blobs.Count <= index)
                blobs.Add(new BlobProto());
            blobs[index] = ReadBlob(dataset);
        }

        return blobs;
    }

    private static BlobProto ReadBlob(IH5Dataset dataset)
    {
        var blob = new BlobProto { Shape = new BlobShape() };
        foreach (ulong length in dataset.Space.Dimensions)
            blob.Shape.Dim.Add(checked((long)length));
        if (dataset.Type is not { Class: H5DataTypeClass.FloatingPoint, Size: sizeof(float) or sizeof(double) } type)
            throw new InvalidDataException($"dataset '{dataset.Name}' holds no 32 or 64 bit floats");
        if (blob.Shape.Dim.Contains(0))
            return blob;
        if (type.Size == sizeof(double))
            blob.DoubleData.AddRange(dataset.Read<double[]>());
        else
            blob.Data.AddRange(dataset.Read<float[]>());
        return blob;
    }
}
