using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Hdf5;

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
        CheckNames(net);
        var file = new Hdf5Writer();
        AddLayers(file, net, "data", diff: false);
        if (withDiff)
            AddLayers(file, net, "diff", diff: true);
        file.Save(stream);
    }

    /// <summary>Writes a solver's state.</summary>
    /// <param name="stream">A readable, writable, seekable stream.</param>
    /// <param name="progress">The solver.</param>
    /// <param name="learnedNet">The model file's path.</param>
    public static void WriteState(Stream stream, SolverProgress progress, string learnedNet)
    {
        var file = new Hdf5Writer();
        file.AddInteger("iter", progress.Iteration);
        file.AddText("learned_net", learnedNet);
        file.AddInteger("current_step", progress.CurrentStep);
        if (progress.Plateau is { } plateau)
        {
            file.AddFloats("minimum_loss", [1], [plateau.MinimumLoss]);
            file.AddInteger("iter_last_event", plateau.LastEvent);
        }

        file.AddGroup("history");
        for (int i = 0; i < progress.History.Count; i++)
            file.AddBlob($"history/{i}", progress.History[i]);
        file.Save(stream);
    }

    private static void AddLayers(Hdf5Writer file, NetWeights net, string root, bool diff)
    {
        file.AddGroup(root);
        foreach (LayerWeights layer in net.Layers)
        {
            try
            {
                file.AddGroup($"{root}/{layer.Parameter.Name}");
                for (int i = 0; i < layer.Blobs.Count; i++)
                {
                    if (diff || layer.Owns(i))
                        file.AddBlob($"{root}/{layer.Parameter.Name}/{i}", layer.Blobs[i], diff);
                }
            }
            catch (CaffeException)
            {
                // A '/' in a name nests groups, which may clash with blobs of a layer named by the part before it.
                throw Unnameable(net, $"is named '{layer.Parameter.Name}'");
            }
        }
    }

    private static void CheckNames(NetWeights net)
    {
        HashSet<string> names = [];
        foreach (LayerWeights layer in net.Layers)
        {
            string name = layer.Parameter.Name;
            if (name.Length == 0)
                throw Unnameable(net, "is unnamed");
            if (!names.Add(name))
                throw Unnameable(net, "shares its name with another");
            if (name.Split('/').Contains(""))
                throw Unnameable(net, $"is named '{name}'");
        }
    }

    private static CaffeException Unnameable(NetWeights net, string why) =>
        new(ErrorCodes.WriteFailed, FailureKind.Data,
            $"the net '{net.Name}' cannot be written as HDF5, where layers are told apart by their names: one {why}; "
            + "name it, or set snapshot_format: BINARYPROTO in the solver");
}
