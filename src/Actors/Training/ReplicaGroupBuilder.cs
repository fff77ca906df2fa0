using System.Globalization;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Training;

/// <summary>Builds the replicas of a plan: devices, nets, the optimizer.</summary>
internal static class ReplicaGroupBuilder
{
    /// <summary>Builds them; their weights are the fillers'.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="catalog">The layer types.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="log">The log; of equal nets only the root's remarks are told.</param>
    /// <param name="seat">The node's place among several, whose deal is <see cref="Deal"/>'s; null, the default: this
    /// process is alone.</param>
    /// <param name="batchRecords">With a seat, records of the whole batch.</param>
    /// <exception cref="CaffeException">Something does not fit; nothing is left open.</exception>
    public static ReplicaGroup Build(
        RunPlan plan, LayerCatalog catalog, ulong seed, RunLog log, NodeSeat? seat = null, long batchRecords = 0)
    {
        if (seat is not null)
        {
            RequireDealt(plan, seat);
            plan = plan with
            {
                Parallel = plan.Parallel with
                {
                    Devices = [.. plan.Parallel.Devices.Take(seat.Deal.Shares[seat.Rank].Devices)],
                },
            };
        }

        ParallelSettings parallel = plan.Parallel;
        IReadOnlyList<DeviceId> ids = parallel.Placement.Count == 0
            ? parallel.Devices : LayerPlacement.Needed(OnlyDevice(parallel), parallel.Placement);
        DeviceOpener.Tell(ids, log.OfNet);
        log.OfNet("Creating the train net.");
        ReplicaBatch batch = seat is null
            ? ReplicaBatch.Of(
                plan.Nets.Train, parallel, plan.Solver.IterSize, log.OfNet, line => log.Warn(line))
            : ReplicaBatch.OfNode(
                plan.Nets.Train, parallel, plan.Solver.IterSize, seat.Deal, seat.Rank, log.OfNet);
        GradScale? scale = GradScale.Of(plan.Nets.Train, plan.Precision, plan.GradScale);
        var builder = new ReplicaBuilder(plan, batch, catalog, seed, log, scale, seat);
        List<ReplicaDevice> devices = [];
        List<Replica> replicas = [];
        try
        {
            Open(plan, ids, devices);
            if (parallel.Placement.Count > 0)
            {
                replicas.Add(builder.Placed(new LayerPlacement(parallel.Placement, devices)));
            }
            else
            {
                foreach (int device in ReductionPlan.Of(devices.Count, LinkOf).Devices)
                    replicas.Add(builder.Whole(devices[device], replicas.Count));
            }

            RequireLayer(plan.Fault, replicas[0].Net);
            if (seat is not null)
                TellOf(seat, batchRecords, devices, log);
            else if (devices.Count > 1 || parallel.Reproducible || parallel.MicroBatches > 1)
                TellOf(plan, batch, devices, log);
            var group = new ReplicaGroup(
                replicas,
                new Optimizer(plan.Solver, replicas[0].Net.LearnableParams, replicas[0].Device,
                    line => log.Info(line))
                { GradScale = scale },
                devices.Count > 1 || seat is not null ? parallel.BucketSize : long.MaxValue)
            {
                Numbers = NumbersOf(parallel, batch),
                Reduction = parallel.Reduction,
                KeepsUpdates = plan.Solver.SnapshotDiff,
                Fault = plan.Fault,
                IsReproducible = parallel.Reproducible,
                PassesOfBatch = batch.PassesOfBatch * parallel.MicroBatches,
            };
            if (seat is not null)
                group.Join(seat);
            return group;
        }
        catch
        {
            foreach (Replica replica in replicas)
                replica.Dispose();
            foreach (ReplicaDevice device in devices.Except(replicas.SelectMany(replica => replica.Devices)))
                device.Dispose();
            throw;
        }

        // CPU devices share the host's memory: none is nearer to one than to another.
        DeviceLink LinkOf(int a, int b) =>
            devices[a].Gpu is { } first && devices[b].Gpu is { } second && first.CanReach(second)
                ? DeviceLink.Peer : DeviceLink.Host;
    }

    /// <summary>Records of the batch that one process would train on, iter_size apart: what a run of several nodes
    /// begins with, times the nodes where scaling is weak. 0 where the net reads no batches.</summary>
    /// <param name="plan">What to run.</param>
    /// <exception cref="CaffeException">The batch cannot be dealt out to nodes.</exception>
    public static long BatchRecords(RunPlan plan) => ReplicaBatch.WholeOf(plan.Nets.Train, plan.Parallel);

    /// <summary>How a batch is dealt out to nodes.</summary>
    /// <param name="plan">What they run.</param>
    /// <param name="batchRecords">Records of the whole batch; with reproducible sums a multiple of the grain.</param>
    /// <param name="devices">By rank, how many devices each node has, at least 1.</param>
    /// <returns>The deal; null where there are more nodes than <see cref="MostNodes"/>.</returns>
    public static BatchDeal? Deal(RunPlan plan, long batchRecords, IReadOnlyList<int> devices) =>
        batchRecords == 0 ? BatchDeal.Alike(devices)
        : plan.Parallel.Reproducible ? BatchDeal.Grains(
            checked((int)(batchRecords / plan.Parallel.Grain)), plan.Solver.IterSize, plan.Parallel.Grain, devices)
        : BatchDeal.Even(batchRecords, devices);

    /// <summary>How many nodes a batch can be dealt out to.</summary>
    /// <param name="plan">What they run.</param>
    /// <param name="batchRecords">Records of the whole batch; 0 where the net reads none.</param>
    public static long MostNodes(RunPlan plan, long batchRecords) =>
        batchRecords == 0 ? int.MaxValue
        : plan.Parallel.Reproducible ? batchRecords / plan.Parallel.Grain * plan.Solver.IterSize
        : batchRecords;

    private static void RequireDealt(RunPlan plan, NodeSeat seat)
    {
        ParallelSettings parallel = plan.Parallel;
        string? wrong =
            parallel.Placement.Count > 0
                ? "placement deals one net out to the devices of one machine, and several nodes each train a whole "
                    + "one; leave placement out"
            : parallel.MicroBatches > 1
                ? $"parallel.micro-batches = {parallel.MicroBatches} cuts a batch that several nodes share already; "
                    + "leave it out"
            : parallel.Reproducible && parallel.Reduction != ReductionKind.Tree
                ? "parallel.reproducible needs the order of parallel.reduction = tree; a ring's depends on the number "
                    + "of nodes"
            : parallel.Reproducible && seat.Compresses
                ? "parallel.reproducible promises the bits of one process, and gradients of 16 bits are rounded; leave "
                    + "cluster.compression or parallel.reproducible out"
            : null;
        if (wrong is not null)
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration, wrong);
    }

    private static PassNumbers? NumbersOf(ParallelSettings parallel, ReplicaBatch batch)
    {
        if (batch.FirstRow is not { } row || parallel.MicroBatches > 1)
            return null;
        // A grain is a pass of the iteration's one round; else each pass is a round of its own.
        return parallel.Reproducible
            ? new PassNumbers(row.Round / parallel.Grain, row.Offset / parallel.Grain, batch.Passes, 1)
            : new PassNumbers(row.Round * batch.Passes, row.Offset, row.Count, row.Round);
    }

    private static void Open(RunPlan plan, IReadOnlyList<DeviceId> ids, List<ReplicaDevice> devices)
    {
        IReadOnlyList<int> threads =
            DeviceList.Deal(plan.Threads > 0 ? plan.Threads : Environment.ProcessorCount, ids.Count);
        for (int i = 0; i < ids.Count; i++)
        {
            GpuDevice? gpu = DeviceOpener.Open(ids[i], plan.GpuBlas);
            devices.Add(new ReplicaDevice(ids[i], plan.CreateCpu(threads[i]), gpu));
        }
    }

    private static void RequireLayer(Fault? fault, Net net)
    {
        if (fault is not null && net.FindLayer(fault.Layer) is null)
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"{Fault.Variable} names the layer '{fault.Layer}', which the train net does not have");
        }
    }

    private static DeviceId OnlyDevice(ParallelSettings parallel) => parallel.Devices.Count == 1
        ? parallel.Devices[0]
        : throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
            $"placement deals one net out to several devices, so parallel.devices must name one (it names "
            + $"{string.Join(", ", parallel.Devices)}); leave one of the two out");

    private static void TellOf(NodeSeat seat, long batchRecords, List<ReplicaDevice> devices, RunLog log)
    {
        TellOf(devices, log);
        if (batchRecords == 0)
            return;
        NodeShare share = seat.Deal.Shares[seat.Rank];
        log.Info(string.Create(CultureInfo.InvariantCulture,
            $"Effective batch: {batchRecords} images on {seat.Deal.Shares.Count} node(s); of each {seat.Deal.Records} "
            + $"this one takes {share.Records} after the first {share.Offset}"));
    }

    private static void TellOf(RunPlan plan, ReplicaBatch batch, List<ReplicaDevice> devices, RunLog log)
    {
        TellOf(devices, log);
        if (batch.Images > 0)
            log.Info($"Effective batch: {batch.Effective(plan.Parallel, plan.Solver.IterSize)}");
    }

    private static void TellOf(List<ReplicaDevice> devices, RunLog log) =>
        log.Info("Devices: " + string.Join(", ", devices.Select(device =>
            $"{device.Id} ({device.Cpu.Threads} thread{(device.Cpu.Threads == 1 ? "" : "s")})")));
}
