using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Random;
using CaffeActors.Data.Layers;

namespace CaffeActors.Data.Snapshots;

/// <summary>Where the data and random numbers of some nets are, and what their layers carry along: what an exact
/// resume needs besides their blobs.</summary>
/// <param name="DataPositions">Records consumed, by net and data layer.</param>
/// <param name="RandomStreams">The random streams, by net, layer and purpose.</param>
/// <param name="LayerStates">What layers carry from pass to pass, by net, layer and purpose.</param>
public sealed record NetStand(
    IReadOnlyDictionary<string, long> DataPositions, IReadOnlyList<RandomStreamState> RandomStreams,
    IReadOnlyList<LayerState> LayerStates)
{
    /// <summary>The present stand.</summary>
    /// <param name="nets">The nets by the names that <c>.resume</c> files give them: <c>train</c>, <c>test0</c>,
    /// ...</param>
    public static NetStand Take(IReadOnlyList<(string Key, Net Net)> nets) => new(
        DataLayersOf(nets).ToDictionary(entry => entry.Key, entry => entry.Layer.Position),
        [.. StreamsOf(nets).Select(entry =>
            new RandomStreamState(entry.Key, entry.Stream.Seed, entry.Stream.Stream, entry.Stream.Counter))],
        [.. StatesOf(nets).Select(entry => LayerState.Of(entry.Key, entry.State))]);

    /// <summary>Brings nets to a stand; what it does not know of stays where it is.</summary>
    /// <param name="resume">Where the stand was kept.</param>
    /// <param name="nets">The nets, as <see cref="Take"/> was given them.</param>
    public static void Restore(ResumeState resume, IReadOnlyList<(string Key, Net Net)> nets)
    {
        foreach ((string key, BatchLayer layer) in DataLayersOf(nets))
        {
            if (resume.DataPositions.TryGetValue(key, out long position))
                layer.Seek(position);
        }

        Dictionary<string, RandomStreamState> streams = resume.RandomStreams.ToDictionary(stream => stream.Name);
        foreach ((string key, RandomStream stream) in StreamsOf(nets))
        {
            if (streams.TryGetValue(key, out RandomStreamState? state))
                stream.Counter = state.Counter;
        }

        Dictionary<string, LayerState> states = resume.LayerStates.ToDictionary(state => state.Name);
        foreach ((string key, Blob blob) in StatesOf(nets))
        {
            if (states.TryGetValue(key, out LayerState? state))
                state.CopyTo(blob);
        }
    }

    private static IEnumerable<(string Key, BatchLayer Layer)> DataLayersOf(
        IReadOnlyList<(string Key, Net Net)> nets) =>
        from net in nets
        from layer in net.Net.Layers
        where layer.Layer is BatchLayer
        select ($"{net.Key}/{layer.Name}", (BatchLayer)layer.Layer);

    private static IEnumerable<(string Key, RandomStream Stream)> StreamsOf(
        IReadOnlyList<(string Key, Net Net)> nets) =>
        from net in nets
        from layer in net.Net.Layers
        from stream in layer.Layer.RandomStreams
        select ($"{net.Key}/{layer.Name}/{stream.Key}", stream.Value);

    private static IEnumerable<(string Key, Blob State)> StatesOf(IReadOnlyList<(string Key, Net Net)> nets) =>
        from net in nets
        from layer in net.Net.Layers
        from state in layer.Layer.CarriedState
        select ($"{net.Key}/{layer.Name}/{state.Key}", state.Value);
}
