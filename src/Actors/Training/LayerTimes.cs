using System.Diagnostics;
using Akka.Actor;
using CaffeActors.Actors.Data;
using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Training;

/// <summary>The passes of a net's layers as work for a device, and the time they took.</summary>
internal sealed class LayerTimes
{
    private readonly Net _net;

    /// <summary>Makes the work.</summary>
    /// <param name="net">The net.</param>
    /// <param name="parts">Whose turn it is, where parts of a batch overlap: a device then does backward passes before
    /// forward ones that are ready with them. Default null: of one batch nothing goes backward before all went
    /// forward.</param>
    public LayerTimes(Net net, PartOrder? parts = null)
    {
        _net = net;
        Actors = new IActorRef?[net.Layers.Count];
        Parts = parts;
        Forward = [.. net.Layers.Select(layer => LayerWork.Forward(net, layer.Rank))];
        DataWaits = [.. net.Layers.Select(_ => new DataWait())];
        Backward = [.. net.Layers.Select(layer => LayerWork.Backward(net, layer.Rank, parts is not null))];
    }

    /// <summary>Whose turn it is, where parts of a batch overlap; else null.</summary>
    public PartOrder? Parts { get; }

    /// <summary>Forward passes by rank.</summary>
    public LayerWork[] Forward { get; }

    /// <summary>Backward passes by rank.</summary>
    public LayerWork[] Backward { get; }

    /// <summary>The layers' actors by rank, once they are there.</summary>
    public IActorRef?[] Actors { get; }

    /// <summary>What each layer waited for data, by rank; only data layers do.</summary>
    public DataWait[] DataWaits { get; }

    /// <summary>Mean milliseconds of each pass since the last call, by metric name (<c>forward_ms/conv1</c>).</summary>
    public IEnumerable<(string Name, double Milliseconds)> Take()
    {
        foreach ((string prefix, LayerWork[] works) in (
            (string, LayerWork[])[])[(MetricNames.ForwardPrefix, Forward), (MetricNames.BackwardPrefix, Backward)])
        {
            for (int rank = 0; rank < works.Length; rank++)
            {
                DeviceWork work = works[rank];
                if (work.Runs > 0)
                    yield return (prefix + _net.Layers[rank].Name,
                        work.Ticks * 1000.0 / Stopwatch.Frequency / work.Runs);
                work.Ticks = 0;
                work.Runs = 0;
            }
        }
    }
}
