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
    /// <exception cref="CaffeException">Something does not fit; nothing is left open.</exception>
    public static ReplicaGroup Build(RunPlan plan, LayerCatalog catalog, ulong seed, RunLog log)
    {
        ParallelSettings parallel = plan.Parallel;
        IReadOnlyList<DeviceId> ids = parallel.Placement.Count == 0
            ? parallel.Devices : LayerPlacement.Needed(OnlyDevice(parallel), parallel.Placement);
        DeviceOpener.Tell(ids, line => log.Info(line));
        log.Info("Creating the train net.");
        ReplicaBatch batch = ReplicaBatch.Of(
            plan.Nets.Train, parallel, plan.Solver.IterSize, line => log.Info(line), line => log.Warn(line));
        GradScale? scale = GradScale.Of(plan.Nets.Train, plan.Precision, plan.GradScale);
        var builder = new ReplicaBuilder(plan, batch, catalog, seed, log, scale);
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
            if (devices.Count > 1 || parallel.Reproducible || parallel.MicroBatches > 1)
                TellOf(plan, batch, devices, log);
            return new ReplicaGroup(
                replicas,
                new Optimizer(plan.Solver, replicas[0].Net.LearnableParams, replicas[0].Device,
                    line => log.Info(line))
                { GradScale = scale },
                parallel.BucketSize)
            {
                Reduction = parallel.Reduction,
                KeepsUpdates = plan.Solver.SnapshotDiff,
                Fault = plan.Fault,
                IsReproducible = parallel.Reproducible,
                PassesOfBatch = batch.PassesOfBatch * parallel.MicroBatches,
            };
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

    private static void TellOf(RunPlan plan, ReplicaBatch batch, List<ReplicaDevice> devices, RunLog log)
    {
        log.Info("Devices: " + string.Join(", ", devices.Select(device =>
            $"{device.Id} ({device.Cpu.Threads} thread{(device.Cpu.Threads == 1 ? "" : "s")})")));
        if (batch.Images > 0)
            log.Info($"Effective batch: {batch.Effective(plan.Parallel, plan.Solver.IterSize)}");
    }
}
