using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Random;

namespace CaffeActors.Actors.Training;

/// <summary>The random streams of a net whose numbers follow from the pass alone, not from the replica that runs
/// it.</summary>
internal sealed class PassStreams(Net net)
{
    // More draws than a layer takes in a pass; passes then have 44 bits of the counter.
    private const int DrawBits = 20;

    // An array, so that going through it allocates nothing.
    private readonly RandomStream[] _streams =
        [.. net.Layers.SelectMany(layer => layer.Layer.RandomStreams.Values)];

    /// <summary>Brings the streams to where a pass begins.</summary>
    /// <param name="pass">Its number among the passes of all replicas and iterations, from 0.</param>
    public void Seek(long pass)
    {
        foreach (RandomStream stream in _streams)
            stream.Counter = (ulong)pass << DrawBits;
    }
}
