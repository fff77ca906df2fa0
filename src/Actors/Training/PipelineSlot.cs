using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>One copy of a net in a <see cref="Pipeline"/>.</summary>
internal sealed class PipelineSlot
{
    /// <summary>Describes a copy.</summary>
    /// <param name="net">The net.</param>
    /// <param name="parts">Whose turn it is, where several parts are on their way at once; else null.</param>
    public PipelineSlot(Net net, PartOrder? parts)
    {
        Net = net;
        Times = new LayerTimes(net, parts);
        Streams = new PassStreams(net);
        Start = new PassStart(net);
    }

    /// <summary>The net.</summary>
    public Net Net { get; }

    /// <summary>Its layers' passes, and the time they take.</summary>
    public LayerTimes Times { get; }

    /// <summary>Its random streams, whose numbers follow from the part's, whichever copy it goes through.</summary>
    public PassStreams Streams { get; }

    /// <summary>Where its random streams stood when its last part began.</summary>
    public PassStart Start { get; }
}
