using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Random;
using CaffeActors.Data.Dumps;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Training;

/// <summary>Where a net's random streams, and what its layers carry along, stood when its last pass began, so that the
/// pass can be run again.</summary>
internal sealed class PassStart
{
    private readonly (string Name, RandomStream Stream)[] _streams;
    private readonly ulong[] _counters;

    /// <summary>Begins with where the streams stand now.</summary>
    /// <param name="net">The net.</param>
    public PassStart(Net net)
    {
        Net = net;
        _streams =
        [
            .. from layer in net.Layers
               from stream in layer.Layer.RandomStreams
               select (RandomPositions.NameOf(layer.Name, stream.Key), stream.Value),
        ];
        _counters = new ulong[_streams.Length];
        Note();
    }

    /// <summary>The net.</summary>
    public Net Net { get; }

    /// <summary>The streams as they stood.</summary>
    public IReadOnlyList<RandomStreamState> Streams =>
    [
        .. _streams.Select((entry, i) =>
            new RandomStreamState(entry.Name, entry.Stream.Seed, entry.Stream.Stream, _counters[i])),
    ];

    /// <summary>Notes where the streams stand: a pass begins.</summary>
    public void Note()
    {
        for (int i = 0; i < _counters.Length; i++)
            _counters[i] = _streams[i].Stream.Counter;
    }

    /// <summary>Brings the streams, and what layers carry from pass to pass, back to where the pass began.</summary>
    public void GoBack()
    {
        foreach (NetLayer layer in Net.Layers)
        {
            foreach ((string purpose, Blob before) in layer.Layer.StateBeforePass)
                layer.Layer.CarriedState[purpose].CopyDataFrom(before);
        }

        for (int i = 0; i < _counters.Length; i++)
            _streams[i].Stream.Counter = _counters[i];
    }
}
