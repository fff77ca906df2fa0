using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Nets;

namespace CaffeActors.Benchmarks;

/// <summary>The nets of configs/ ready to train on random images, with SGD, momentum and decay as the peers have
/// it.</summary>
internal static class BenchmarkNets
{
    private static readonly Dictionary<string, (int[] Image, int Classes)> Known = new()
    {
        ["lenet"] = ([1, 28, 28], 10),
        ["cifar10_quick"] = ([3, 32, 32], 10),
        ["alexnet"] = ([3, 227, 227], 1000),
        ["caffenet"] = ([3, 227, 227], 1000),
        ["googlenet"] = ([3, 224, 224], 1000),
    };

    /// <summary>Replicas of a net in phase TRAIN, with the optimizer.</summary>
    /// <param name="name">A net of configs/nets.</param>
    /// <param name="batch">Images in a batch of each.</param>
    /// <param name="threads">Threads of each; 0 takes one for each core.</param>
    /// <param name="count">Number of replicas.</param>
    /// <param name="reduction">How their gradients are summed.</param>
    /// <param name="bucketSize">Bytes of gradients that travel together.</param>
    /// <param name="precision">How blobs are kept.</param>
    /// <param name="gpu">The accelerator they compute on; null for the CPU.</param>
    public static ReplicaGroup Replicas(
        string name, int batch, int threads = 0, int count = 1, ReductionKind reduction = ReductionKind.Tree,
        long bucketSize = long.MaxValue, StorageType precision = StorageType.Float32, GpuDevice? gpu = null)
    {
        if (!Known.TryGetValue(name, out (int[] Image, int Classes) known))
            throw new ArgumentException(
                $"there is no net '{name}' to measure; there are {string.Join(", ", Known.Keys)}");
        (int[] image, int classes) = known;
        NetParameter parameter = NetFiles.ReadNet(Path.Combine("configs", "nets", name + ".prototxt"));
        parameter.State = NetStates.Merge(Phase.Train, parameter.State);
        DataPlaceholders.Replace(
            parameter, new Dictionary<string, int[]> { ["data"] = [batch, .. image], ["label"] = [batch] }, static _ =>
            { });
        GradScale? scale = GradScale.Of(parameter, precision, null);
        Replica[] replicas = [.. Enumerable.Range(0, count).Select(
            _ => Replica(parameter.Clone(), threads, classes, precision, scale, gpu))];
        var solver = new SolverParameter
        {
            BaseLr = 0.001f,
            LrPolicy = "fixed",
            Momentum = 0.9f,
            WeightDecay = 0.0005f,
        };
        return new ReplicaGroup(
            replicas,
            new Optimizer(solver, replicas[0].Net.LearnableParams, replicas[0].Device) { GradScale = scale },
            bucketSize)
        { Reduction = reduction };
    }

    private static Replica Replica(
        NetParameter parameter, int threads, int classes, StorageType precision, GradScale? scale, GpuDevice? gpu)
    {
        var device = new CpuDevice(threads);
        var context = new LayerContext(device, seed: 1) { GradScale = scale, Gpu = gpu };
        Net net = NetBuilder.Build(parameter, new NetOptions(context, LayerCatalog.Compute) { Precision = precision });
        Fill(net.Blob("data"), draw => draw - 0.5f);
        Fill(net.Blob("label"), draw => MathF.Floor(draw * classes));
        return new Replica(device, net, Passes: 1);
    }

    private static void Fill(Blob blob, Func<float, float> value)
    {
        var draw = new RandomDraw(1, (ulong)blob.Count, 0);
        Span<float> data = blob.MutableData;
        for (int i = 0; i < data.Length; i++)
            data[i] = value(draw.Float((uint)i));
    }
}
