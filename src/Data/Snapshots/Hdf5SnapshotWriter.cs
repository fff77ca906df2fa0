using System.Globalization;
using System.Reflection;
using System.Runtime.ExceptionServices;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using PureHDF;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// Writes <c>.caffemodel.h5</c> and <c>.solverstate.h5</c> files. A model holds <c>data/LAYER/I</c> for each blob a
/// layer owns and, if asked for, <c>diff/LAYER/I</c> for all of them; a state holds <c>iter</c>, <c>learned_net</c>,
/// <c>current_step</c> and <c>history/I</c>. Blobs are written from where they lie, without copies.
/// </summary>
internal static class Hdf5SnapshotWriter
{
    /// <summary>Writes a net.</summary>
    /// <param name="stream">A readable, writable, seekable stream.</param>
    /// <param name="net">The net.</param>
    /// <param name="withDiff">Whether diffs are written too.</param>
    /// <exception cref="CaffeException">CFA1404: layers whose names HDF5 cannot tell apart.</exception>
    public static void WriteNet(Stream stream, NetWeights net, bool withDiff)
    {
        List<(H5Dataset<Memory<float>> Dataset, NativeFloats Values)> pending = [];
        var file = new H5File { ["data"] = LayersOf(net, diff: false, pending) };
        if (withDiff)
            file["diff"] = LayersOf(net, diff: true, pending);
        Write(stream, file, pending, new H5WriteOptions(PreferCompactDatasetLayout: false));
    }

    /// <summary>Writes a solver's state.</summary>
    /// <param name="stream">A readable, writable, seekable stream.</param>
    /// <param name="progress">The solver.</param>
    /// <param name="learnedNet">The model file's path.</param>
    public static void WriteState(Stream stream, SolverProgress progress, string learnedNet)
    {
        List<(H5Dataset<Memory<float>> Dataset, NativeFloats Values)> pending = [];
        var history = new H5Group();
        for (int i = 0; i < progress.History.Count; i++)
            history[NameOf(i)] = DatasetOf(progress.History[i], diff: false, pending);

        // Caffe reads a string of fixed length that ends with a NUL.
        int length = System.Text.Encoding.UTF8.GetByteCount(learnedNet) + 1;
        Write(stream, new H5File
        {
            ["iter"] = new H5Dataset(new[] { progress.Iteration }, fileDims: [1]),
            ["learned_net"] = new H5Dataset(learnedNet),
            ["current_step"] = new H5Dataset(new[] { progress.CurrentStep }, fileDims: [1]),
            ["history"] = history,
        }, pending, new H5WriteOptions(DefaultStringLength: length, PreferCompactDatasetLayout: false));
    }

    // The options must not prefer the compact layout: it lies in the dataset's header, which is written at once and
    // without the values, and the package drops those that come later without a word.
    private static void Write(
        Stream stream, H5File file, List<(H5Dataset<Memory<float>> Dataset, NativeFloats Values)> pending,
        H5WriteOptions options)
    {
        try
        {
            using H5NativeWriter writer = file.BeginWrite(stream, options);
            foreach ((H5Dataset<Memory<float>> dataset, NativeFloats values) in pending)
                writer.Write(dataset, values.Memory);
        }
        catch (TargetInvocationException exception) when (exception.GetBaseException() is IOException failure)
        {
            // The package calls itself by reflection, which wraps what the stream threw.
            ExceptionDispatchInfo.Throw(failure);
        }

        GC.KeepAlive(pending);
    }

    private static H5Group LayersOf(
        NetWeights net, bool diff, List<(H5Dataset<Memory<float>> Dataset, NativeFloats Values)> pending)
    {
        var root = new H5Group();
        HashSet<string> names = [];
        foreach (LayerWeights layer in net.Layers)
        {
            string name = layer.Parameter.Name;
            if (!names.Add(name))
                throw Unnameable(name.Length == 0 ? "is unnamed" : "shares its name with another");
            H5Group group = GroupOf(root, name);
            for (int i = 0; i < layer.Blobs.Count; i++)
            {
                if (diff || layer.Owns(i))
                    group[NameOf(i)] = DatasetOf(layer.Blobs[i], diff, pending);
            }
        }

        return root;

        CaffeException Unnameable(string why) => new(ErrorCodes.WriteFailed, FailureKind.Data,
            $"the net '{net.Name}' cannot be written as HDF5, where layers are told apart by their names: one {why}; "
            + "name it, or set snapshot_format: BINARYPROTO in the solver");

        // A '/' in a name nests groups, which may clash with the blobs of a layer whose name is the part before it.
        H5Group GroupOf(H5Group parent, string name)
        {
            foreach (string part in name.Split('/'))
            {
                if (part.Length == 0)
                    throw Unnameable(name.Length == 0 ? "is unnamed" : $"is named '{name}'");
                if (!parent.TryGetValue(part, out object? child))
                    parent[part] = child = new H5Group();
                parent = child as H5Group ?? throw Unnameable($"is named '{name}'");
            }

            return parent;
        }
    }

    private static H5Dataset<Memory<float>> DatasetOf(
        Blob blob, bool diff, List<(H5Dataset<Memory<float>> Dataset, NativeFloats Values)> pending)
    {
        var shape = new ulong[blob.AxisCount];
        for (int axis = 0; axis < shape.Length; axis++)
            shape[axis] = (ulong)blob.Shape[axis];
        var dataset = new H5Dataset<Memory<float>>(shape);
        if (blob.Count > 0)
            pending.Add((dataset, new NativeFloats(blob, diff)));
        return dataset;
    }

    private static string NameOf(int index) => index.ToString(CultureInfo.InvariantCulture);
}
