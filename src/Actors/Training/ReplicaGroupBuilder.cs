using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
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
        DeviceOpener.Tell(parallel.Devices, line => log.Info(line));
        ReplicaBatch batch = ReplicaBatch.Of(plan.Nets.Train, parallel, plan.Solver.IterSize, line => log.Warn(line));
        int count = parallel.Devices.Count;
        IReadOnlyList<int> threads =
            DeviceList.Deal(plan.Threads > 0 ? plan.Threads : Environment.ProcessorCount, count);
        GradScale? scale = GradScale.Of(plan.Nets.Train, plan.Precision, plan.GradScale);
        List<Replica> replicas = [];
        List<GpuDevice?> gpus = [];
        try
        {
            log.Info("Creating the train net.");
            foreach (DeviceId device in parallel.Devices)
                gpus.Add(DeviceOpener.Open(device));
            foreach (int device in ReductionPlan.Of(count, LinkOf).Devices)
                replicas.Add(Replica(device, replicas.Count));
            if (count > 1 || parallel.Reproducible)
                TellOf(plan, batch, replicas, log);
            return new ReplicaGroup(
                replicas,
                new Optimizer(plan.Solver, replicas[0].Net.LearnableParams, replicas[0].Device,
                    line => log.Info(line)) { GradScale = scale },
                parallel.BucketSize)
            {
                KeepsUpdates = plan.Solver.SnapshotDiff,
                IsReproducible = parallel.Reproducible,
                PassesOfBatch = batch.PassesOfBatch,
            };
        }
        catch
        {
            foreach (Replica replica in replicas)
                replica.Dispose();
            foreach (GpuDevice? gpu in gpus.Except(replicas.Select(replica => replica.Gpu)))
                gpu?.Dispose();
            throw;
        }

        // CPU devices share the host's memory: none is nearer to one than to another.
        DeviceLink LinkOf(int a, int b) => gpus[a] is { } first && gpus[b] is { } second && first.CanReach(second)
            ? DeviceLink.Peer : DeviceLink.Host;

        Replica Replica(int number, int rank)
        {
            var device = new CpuDevice(threads[number]);
            Net? net = null;
            try
            {
                net = NetBuilder.Build(batch.Net.CloneWithPlaces(), new NetOptions(new LayerContext(device, seed)
                {
                    Gpu = gpus[number],
                    SolverRank = rank,
                    SolverCount = count,
                    DealtRecords = batch.DealtRecords,
                    GradScale = scale,
                    Notice = rank == 0 ? line => log.Info(line) : static _ => { },
                    Warning = rank == 0 ? line => log.Warn(line) : static _ => { },
                    ResolvePath = plan.ResolvePath,
                    Extensions = plan.Extensions,
                    LoadThreads = plan.LoadThreads,
                }, catalog) { Precision = plan.Precision });
                if (parallel.Reproducible)
                    RefuseCarriedState(net);
                return new Replica(device, net, batch.Passes)
                {
                    Id = parallel.Devices[number],
                    Gpu = gpus[number],
                    Grains = parallel.Reproducible && batch.Passes > 1
                        ? new GrainSums(net.LearnableParams, batch.Passes) : null,
                };
            }
            catch
            {
                net?.Dispose();
                device.Dispose();
                throw;
            }
        }
    }

    private static void RefuseCarriedState(Net net)
    {
        if (net.Layers.FirstOrDefault(layer => layer.Layer.CarriedState.Count > 0) is { } carrier)
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                $"layer '{carrier.Name}' carries its state from pass to pass, so its sums cannot be reproducible; "
                + "set parallel.reproducible = off", SourcePlaces.Of(carrier.Layer.Parameter));
        }
    }

    private static void TellOf(RunPlan plan, ReplicaBatch batch, List<Replica> replicas, RunLog log)
    {
        log.Info("Devices: " + string.Join(", ", replicas.Select(replica =>
            $"{replica.Id} ({replica.Device.Threads} thread{(replica.Device.Threads == 1 ? "" : "s")})")));
        if (batch.Images == 0)
            return;
        long images = (long)replicas.Count * batch.Images * plan.Solver.IterSize;
        log.Info($"Effective batch: {replicas.Count} x {batch.Images}"
            + (plan.Solver.IterSize > 1 ? $" x {plan.Solver.IterSize} (iter_size)" : "")
            + $" = {images} images"
            + (plan.Parallel.Reproducible ? $", in grains of {plan.Parallel.Grain}" : ""));
    }
}
