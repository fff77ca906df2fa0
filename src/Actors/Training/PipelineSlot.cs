using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>One copy of a net in a <see cref="Pipeline"/>.</summary>
internal sealed class PipelineSlot
{
    /// <summary>Describes a copy.</summary>
    /// <param name="net">The net.</param>
    /// <param name="overlaps">Whether several parts are on their way at once: what is ready to go backward then goes
    /// before what is ready to go forward, and random numbers follow from the part's number.</param>
    public PipelineSlot(Net net, bool overlaps)
    {
        Net = net;
        Times = new LayerTimes(net, overlaps);
        Streams = overlaps ? new PassStreams(net) : null;
    }

    /// <summary>The net.</summary>
    public Net Net { get; }

    /// <summary>Its layers' passes, and the time they take.</summary>
    public LayerTimes Times { get; }

    /// <summary>Its random streams, where parts overlap.</summary>
    public PassStreams? Streams { get; }
}
