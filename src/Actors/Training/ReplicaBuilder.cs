using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Training;

/// <summary>Builds one replica after the other.</summary>
/// <param name="plan">What to run.</param>
/// <param name="batch">What each takes.</param>
/// <param name="catalog">The layer types.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="log">The log; of equal nets only the first one's remarks are told.</param>
/// <param name="scale">The scale of loss gradients; null for 1.</param>
/// <param name="seat">The node's place among several; null where this process is alone.</param>
internal sealed class ReplicaBuilder(
    RunPlan plan, ReplicaBatch batch, LayerCatalog catalog, ulong seed, RunLog log, GradScale? scale, NodeSeat? seat)
{
    private readonly ParallelSettings _parallel = plan.Parallel;

    /// <summary>A replica on one device.</summary>
    /// <param name="device">The device; the replica's from now on, unless this fails.</param>
    /// <param name="rank">Its rank.</param>
    /// <exception cref="CaffeException">The net cannot be built.</exception>
    public Replica Whole(ReplicaDevice device, int rank)
    {
        Net net = Build(new NetOptions(device.Of(ContextOf(device, rank)), catalog));
        return new Replica(device.Cpu, net, batch.Passes)
        {
            Devices = [device],
            Scan = ScanOf(net),
            Grains = _parallel.Reproducible && batch.Passes > 1
                ? new GrainSums(net.LearnableParams, batch.Passes) : null,
            Pipeline = _parallel.MicroBatches > 1 ? new Pipeline([net], _parallel.MicroBatches) : null,
        };
    }

    /// <summary>A replica whose layers are placed on several devices.</summary>
    /// <param name="placement">The devices and the rules; the devices are the replica's from now on, unless this
    /// fails.</param>
    /// <exception cref="CaffeException">The net cannot be built, or not overlapped.</exception>
    public Replica Placed(LayerPlacement placement)
    {
        int slots = Pipeline.SlotsFor(placement.Devices.Count, _parallel.MicroBatches);
        List<Net> nets = [];
        try
        {
            for (int slot = 0; slot < slots; slot++)
            {
                LayerContext context = ContextOf(placement.Devices[0], slot);
                if (slots > 1)
                {
                    long part = batch.MicroBatch;
                    context = context with { Row = new RecordRow(slot * part, part, slots * part) };
                }

                nets.Add(Build(placement.Place(new NetOptions(context with { SolverRank = slot }, catalog))));
            }

            if (slots > 1)
                RequireOwnParameters(nets[0]);
            return new Replica(placement.Devices[0].Cpu, nets[0], batch.Passes)
            {
                Devices = placement.Devices,
                Placement = placement,
                Scan = ScanOf(nets[0]),
                Pipeline = _parallel.MicroBatches > 1 ? new Pipeline(nets, _parallel.MicroBatches) : null,
            };
        }
        catch
        {
            foreach (Net net in nets)
                net.Dispose();
            throw;
        }
    }

    // An adaptive scale is meant to overflow now and then; such gradients are passed over.
    private PassScan ScanOf(Net net) => new(net) { IgnoresGradients = scale is { IsAdaptive: true } };

    private LayerContext ContextOf(ReplicaDevice device, int rank) => new(device.Cpu, seed)
    {
        SolverRank = rank + (seat?.Deal.Shares.Take(seat.Rank).Sum(share => share.Devices) ?? 0),
        SolverCount = _parallel.Placement.Count > 0 ? 1
            : seat?.Deal.Shares.Sum(share => share.Devices) ?? _parallel.Devices.Count,
        Row = batch.RowOf(rank),
        GradScale = scale,
        Notice = rank == 0 ? log.OfNet : static _ => { },
        Warning = rank == 0 ? line => log.Warn(line) : static _ => { },
        ResolvePath = plan.ResolvePath,
        Extensions = plan.Extensions,
        LoadThreads = plan.LoadThreads,
        WaitLimit = plan.WaitLimit,
    };

    private Net Build(NetOptions options)
    {
        Net net = NetBuilder.Build(
            batch.Net.CloneWithPlaces(), options with
            {
                Precision = plan.Precision,
                Passes = plan.Passes,
                Use = new NetUse(Backward: true) { Recompute = plan.Recompute },
            });
        NetLayer? carrier = net.Layers.FirstOrDefault(layer => layer.Layer.CarriedState.Count > 0);
        string? cut = seat is not null ? "training on several nodes"
            : _parallel.Reproducible ? "parallel.reproducible = on"
            : _parallel.MicroBatches > 1 ? $"parallel.micro-batches = {_parallel.MicroBatches}" : null;
        if (carrier is null || cut is null)
            return net;
        net.Dispose();
        throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
            $"layer '{carrier.Name}' carries its state from pass to pass, so a batch cannot be cut into several; leave "
            + $"out {cut}", SourcePlaces.Of(carrier.Layer.Parameter));
    }

    // Two layers of one part and of the next could add to the same gradient in any order.
    private void RequireOwnParameters(Net net)
    {
        if (net.Layers.FirstOrDefault(layer => layer.OwnsParam.Contains(false)) is { } sharer)
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                $"layer '{sharer.Name}' shares parameters with another, and parallel.micro-batches = "
                + $"{_parallel.MicroBatches} would add their gradients in an order that depends on timing; set it to 1",
                SourcePlaces.Of(sharer.Layer.Parameter));
        }
    }
}
