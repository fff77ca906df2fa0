using System.Text.Json;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Random;
using CaffeActors.Data.Files;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Dumps;

/// <summary>Where the random streams of a net stand, in a file of their own: an array of objects of <c>name</c> (layer
/// and purpose), <c>seed</c>, <c>stream</c> and <c>counter</c>.</summary>
public static class RandomPositions
{
    /// <summary>What a stream is called.</summary>
    /// <param name="layer">Its layer.</param>
    /// <param name="purpose">What it is for within the layer.</param>
    public static string NameOf(string layer, string purpose) => $"{layer}/{purpose}";

    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="streams">The streams, named by <see cref="NameOf"/>.</param>
    /// <exception cref="CaffeException">CFA1404: it cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<RandomStreamState> streams) => AtomicFile.WriteText(
        path, JsonSerializer.Serialize([.. streams], ResumeJson.Readable.RandomStreamStateArray) + "\n");

    /// <summary>Brings the streams of a net to where those of the same names stood, seeds included. Streams that the
    /// file does not know stay, and so does what the net does not have.</summary>
    /// <param name="path">The file.</param>
    /// <param name="net">The net.</param>
    /// <exception cref="CaffeException">CFA1005: there is no such file; CFA1402: it is damaged or something
    /// else.</exception>
    public static void Restore(string path, Net net)
    {
        Dictionary<string, RandomStreamState> known = Read(path);
        foreach (NetLayer layer in net.Layers)
        {
            foreach ((string purpose, RandomStream stream) in layer.Layer.RandomStreams)
            {
                if (known.TryGetValue(NameOf(layer.Name, purpose), out RandomStreamState? state))
                    stream.GoOnAs(state.Seed, state.Stream, state.Counter);
            }
        }
    }

    private static Dictionary<string, RandomStreamState> Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Dictionary<string, RandomStreamState> known = [];
            foreach (RandomStreamState? state in
                JsonSerializer.Deserialize(file, ResumeJson.Readable.RandomStreamStateArray) ?? [])
            {
                if (state?.Name is { } name)
                    known[name] = state;
            }

            return known;
        }
        catch (JsonException exception)
        {
            throw new CaffeException(ErrorCodes.BadSnapshot, FailureKind.Data,
                $"'{path}' holds no positions of random streams: {exception.Message}", inner: exception);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
                $"'{path}' cannot be read: {exception.Message}", inner: exception);
        }
    }
}
