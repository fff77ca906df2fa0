using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Data.Snapshots;

/// <summary>Reads what <see cref="Hdf5SnapshotWriter"/> and Caffe write.</summary>
internal static class Hdf5SnapshotReader
{
    /// <summary>
    /// Reads weights: the layers of the group <c>params</c> or, where there is none, <c>data</c>. A layer has a name
    /// and blobs, nothing else; a blob that only its owner keeps is left empty, without a shape.
    /// </summary>
    /// <returns>The net, or null where the file has no such group.</returns>
    /// <exception cref="CaffeException">The file cannot be read.</exception>
    public static NetParameter? ReadNet(string path)
    {
        using var file = new Hdf5Reader(path);
        string? root = file.HasGroup("params") ? "params" : file.HasGroup("data") ? "data" : null;
        if (root is null)
            return null;
        var net = new NetParameter();
        foreach (string name in file.Children(root))
        {
            if (file.HasGroup($"{root}/{name}"))
                AddLayers(net, file, root, name);
        }

        return net;
    }

    /// <summary>Reads a solver's state.</summary>
    /// <returns>The state, or null where the file has not what makes one.</returns>
    /// <exception cref="CaffeException">The file cannot be read.</exception>
    public static SolverState? ReadState(string path)
    {
        using var file = new Hdf5Reader(path);
        if (!file.HasDataset("iter") || !file.HasDataset("learned_net") || !file.HasGroup("history"))
            return null;
        var state = new SolverState
        {
            Iter = checked((int)file.ReadInteger("iter")),
            LearnedNet = file.ReadText("learned_net"),
        };
        if (file.HasDataset("current_step"))
            state.CurrentStep = checked((int)file.ReadInteger("current_step"));
        if (file.HasDataset("minimum_loss") && file.HasDataset("iter_last_event"))
        {
            state.MinimumLoss = file.ReadFloats("minimum_loss") is [var loss] ? loss
                : throw file.Unreadable("dataset 'minimum_loss' should hold one number");
            state.IterLastEvent = checked((int)file.ReadInteger("iter_last_event"));
        }

        state.History.AddRange(ReadBlobs(file, "history"));
        return state;
    }

    // A group is a layer where it holds blobs or nothing; groups inside it are layers with a '/' in their names.
    private static void AddLayers(NetParameter net, Hdf5Reader file, string root, string name)
    {
        string group = $"{root}/{name}";
        string[] inner = [.. file.Children(group).Where(child => file.HasGroup($"{group}/{child}"))];
        List<BlobProto> blobs = ReadBlobs(file, group);
        if (blobs.Count > 0 || inner.Length == 0)
        {
            var layer = new LayerParameter { Name = name };
            layer.Blobs.AddRange(blobs);
            net.Layer.Add(layer);
        }

        foreach (string child in inner)
            AddLayers(net, file, root, $"{name}/{child}");
    }

    private static List<BlobProto> ReadBlobs(Hdf5Reader file, string group)
    {
        List<BlobProto> blobs = [];
        foreach (string name in file.Children(group))
        {
            string path = $"{group}/{name}";
            if (!file.HasDataset(path))
                continue;
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index > 9999)
                throw file.Unreadable($"dataset '{path}' should be named by a number, the blob's place in its layer");
            while (blobs.Count <= index)
                blobs.Add(new BlobProto());
            blobs[index] = new BlobProto { Shape = new BlobShape() };
            blobs[index].Shape.Dim.AddRange(file.ShapeOf(path).Select(length => (long)length));
            blobs[index].Data.AddRange(file.ReadFloats(path));
        }

        return blobs;
    }
}
