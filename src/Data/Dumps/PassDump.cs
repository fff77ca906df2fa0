using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Dumps;

/// <summary>
/// One pass of a net in a folder, so that <c>net run</c> can run it again: <c>net.prototxt</c> with inputs in the place
/// of the layers that read data, <c>weights.caffemodel</c>, <c>inputs.h5</c> with the batch and what layers had carried
/// along from the pass before, and <c>random.json</c> with the positions of the random streams, where there are any.
/// </summary>
public static class PassDump
{
    private const string NetName = "net.prototxt";
    private const string WeightsName = "weights.caffemodel";
    private const string InputsName = "inputs.h5";
    private const string RandomName = "random.json";

    /// <summary>Writes a pass.</summary>
    /// <param name="folder">The folder; made where it is missing, and what an earlier dump left there is
    /// replaced.</param>
    /// <param name="message">The net's message as its user wrote it, its state set; it is not changed.</param>
    /// <param name="net">The net of that message, with the batch in what its sources put out.</param>
    /// <param name="streams">Where its random streams stood before the pass, as
    /// <see cref="RandomPositions.NameOf"/> calls them.</param>
    /// <returns>The flags of <c>net run</c> that run it again.</returns>
    /// <exception cref="CaffeException">CFA1404: something cannot be written.</exception>
    public static string Write(
        string folder, NetParameter message, Net net, IReadOnlyList<RandomStreamState> streams)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(folder, exception);
        }

        string At(string name) => Path.Combine(folder, name);
        AtomicFile.WriteText(At(NetName), TextFormat.Print(Replayable(message, net)));
        WeightsFile.Write(At(WeightsName), NetWeights.Of(net));
        var flags = new StringBuilder($"--model {Quoted(At(NetName))} --weights {Quoted(At(WeightsName))}");
        if (WriteInputs(At(InputsName), net))
            flags.Append($" --inputs {Quoted(At(InputsName))}");
        if (streams.Count > 0)
        {
            RandomPositions.Write(At(RandomName), streams);
            flags.Append($" --random {Quoted(At(RandomName))}");
        }

        return flags.Append($" --output {Quoted(At("output.h5"))}").ToString();
    }

    /// <summary>Lets a net's layers begin with the states that a dump's inputs have for them; of others they keep
    /// theirs.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="net">The net.</param>
    /// <exception cref="CaffeException">A state has another shape.</exception>
    public static void RestoreStates(Hdf5Reader inputs, Net net)
    {
        foreach (NetLayer layer in net.Layers)
        {
            foreach ((string purpose, Blob state) in layer.Layer.CarriedState)
            {
                string name = StateNameOf(layer.Name, purpose);
                if (!inputs.HasDataset(name))
                    continue;
                int[] shape = inputs.ShapeOf(name);
                if (!state.Shape.SequenceEqual(shape))
                {
                    throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Data,
                        $"{name} in '{inputs.Path}' has the shape {Blob.FormatShape(shape)}, the layer's state "
                        + state.ShapeString);
                }

                inputs.ReadBlob(name, state);
            }
        }
    }

    private static string StateNameOf(string layer, string purpose) => $"state/{layer}/{purpose}";

    // Inputs in the place of sources. What works in place on a source's values has done so already, and what puts out
    // nothing may do something outside the net: both are left out.
    private static NetParameter Replayable(NetParameter message, Net net)
    {
        NetParameter filtered = NetStates.Filter(message, static _ => { });
        ILookup<string, NetLayer> given = GivenLayers.Of(net).ToLookup(layer => layer.Name);
        var replayable = new NetParameter(filtered);
        replayable.Layer.Clear();
        foreach (LayerParameter layer in filtered.Layer)
        {
            NetLayer? known = given[layer.Name].FirstOrDefault(
                other => GivenLayers.IsSource(other) == (layer.Bottom.Count == 0));
            if (known is null)
                replayable.Layer.Add(layer);
            else if (GivenLayers.IsSource(known) && known.Top.Length > 0)
                replayable.Layer.Add(Input(known));
        }

        return replayable;
    }

    private static LayerParameter Input(NetLayer source)
    {
        var input = new LayerParameter { Name = source.Name, Type = "Input", InputParam = new InputParameter() };
        for (int t = 0; t < source.Top.Length; t++)
        {
            input.Top.Add(source.TopNames[t]);
            var shape = new BlobShape();
            foreach (int length in source.Top[t].Shape)
                shape.Dim.Add(length);
            input.InputParam.Shape.Add(shape);
        }

        return input;
    }

    private static bool WriteInputs(string path, Net net)
    {
        var file = new Hdf5Writer();
        bool any = false;
        foreach (NetLayer layer in net.Layers.Where(GivenLayers.IsSource))
        {
            for (int t = 0; t < layer.Top.Length; t++)
            {
                file.AddBlob($"inputs/{layer.TopNames[t]}", layer.Top[t]);
                any = true;
            }
        }

        foreach (NetLayer layer in net.Layers)
        {
            foreach ((string purpose, Blob before) in layer.Layer.StateBeforePass)
            {
                file.AddBlob(StateNameOf(layer.Name, purpose), before);
                any = true;
            }
        }

        if (any)
            AtomicFile.Write(path, file.Save);
        return any;
    }

    private static string Quoted(string path) =>
        path.Any(c => !char.IsAsciiLetterOrDigit(c) && !"/\\:._-=+@".Contains(c)) ? $"\"{path}\"" : path;
}
