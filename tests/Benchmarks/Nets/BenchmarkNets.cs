using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Nets;

namespace CaffeActors.Benchmarks.Nets;

/// <summary>The nets of configs/, and variants of them, ready to compute on random images: to train, with SGD, momentum
/// and decay as the peers have it, or forward only.</summary>
internal static class BenchmarkNets
{
    private static readonly Dictionary<string, KnownNet> Known = new()
    {
        ["lenet"] = new("lenet", [1, 28, 28], 10),
        ["cifar10_quick"] = new("cifar10_quick", [3, 32, 32], 10),
        ["alexnet"] = new("alexnet", [3, 227, 227], 1000),
        ["alexnet-nolrn"] = new("alexnet", [3, 227, 227], 1000, net => NetVariants.LeaveOutType(net, "LRN")),
        ["caffenet"] = new("caffenet", [3, 227, 227], 1000),
        ["googlenet"] = new("googlenet", [3, 224, 224], 1000),
        ["googlenet-plain"] = new(
            "googlenet", [3, 224, 224], 1000, net => NetVariants.Remove(net, "loss1/", "loss2/")),
        ["vgg16"] = new("vgg16", [3, 224, 224], 1000),
        ["resnet18"] = new("resnet18", [3, 224, 224], 1000),
        ["resnet50"] = new("resnet50", [3, 224, 224], 1000),
        ["mobilenet"] = new("mobilenet", [3, 224, 224], 1000),
        ["squeezenet"] = new("squeezenet_v1.1", [3, 227, 227], 1000),
    };

    /// <summary>Replicas of a net in phase TRAIN, with the optimizer.</summary>
    /// <param name="name">A net of configs/nets, or a variant.</param>
    /// <param name="batch">Images in a batch of each.</param>
    /// <param name="use">What it keeps; null where each blob has memory of its own.</param>
    /// <param name="threads">Threads of each; 0 takes one for each core.</param>
    /// <param name="count">Number of replicas.</param>
    /// <param name="reduction">How their gradients are summed.</param>
    /// <param name="bucketSize">Bytes of gradients that travel together.</param>
    /// <param name="precision">How blobs are kept.</param>
    /// <param name="gpu">The accelerator they compute on; null for the CPU.</param>
    public static ReplicaGroup Replicas(
        string name, int batch, NetUse? use, int threads = 0, int count = 1,
        ReductionKind reduction = ReductionKind.Tree, long bucketSize = long.MaxValue,
        StorageType precision = StorageType.Float32, GpuDevice? gpu = null)
    {
        KnownNet known = Find(name);
        NetParameter parameter = Parameter(known, batch, Phase.Train);
        GradScale? scale = GradScale.Of(parameter, precision, null);
        Replica[] replicas = [.. Enumerable.Range(0, count).Select(
            _ => Replica(parameter.Clone(), use, threads, known.Classes, precision, scale, gpu))];
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

    /// <summary>A net in phase TEST up to its scores: without losses and whatever else reads labels.</summary>
    /// <param name="name">A net of configs/nets, or a variant.</param>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="threads">Threads; 0 takes one for each core.</param>
    /// <param name="precision">How blobs are kept.</param>
    public static Replica Inference(
        string name, int batch, int threads = 0, StorageType precision = StorageType.Float32)
    {
        KnownNet known = Find(name);
        NetParameter parameter = Parameter(known, batch, Phase.Test);
        NetVariants.RemoveReaders(parameter, "label");
        return Replica(
            parameter, new NetUse(Backward: false), threads, known.Classes, precision, scale: null, gpu: null);
    }

    private static KnownNet Find(string name) => Known.GetValueOrDefault(name) ?? throw new ArgumentException(
        $"there is no net '{name}' to measure; there are {string.Join(", ", Known.Keys)}");

    private static NetParameter Parameter(KnownNet known, int batch, Phase phase)
    {
        NetParameter parameter = NetFiles.ReadNet(Path.Combine("configs", "nets", known.File + ".prototxt"));
        parameter.State = NetStates.Merge(phase, parameter.State);
        DataPlaceholders.Replace(
            parameter, new Dictionary<string, int[]> { ["data"] = [batch, .. known.Image], ["label"] = [batch] },
            static _ => { });
        known.Derive?.Invoke(parameter);
        return parameter;
    }

    private static Replica Replica(
        NetParameter parameter, NetUse? use, int threads, int classes, StorageType precision, GradScale? scale,
        GpuDevice? gpu)
    {
        var device = new CpuDevice(threads);
        var context = new LayerContext(device, seed: 1) { GradScale = scale, Gpu = gpu };
        var options = new NetOptions(context, LayerCatalog.Compute)
        {
            Precision = precision,
            Use = use,
        };
        Net net = NetBuilder.Build(parameter, options);
        Fill(net.Blob("data"), draw => draw - 0.5f);
        if (net.HasBlob("label"))
            Fill(net.Blob("label"), draw => MathF.Floor(draw * classes));
        FillStatistics(net);
        return new Replica(device, net, Passes: 1);
    }

    // A net that never trained has variances of 0, and dividing by them would leave no finite number behind.
    private static void FillStatistics(Net net)
    {
        foreach (NetLayer layer in net.Layers.Where(layer => layer.Layer.Type == "BatchNorm"))
        {
            Fill(layer.Layer.Blobs[0], draw => draw - 0.5f);
            Fill(layer.Layer.Blobs[1], draw => draw + 0.5f);
            layer.Layer.Blobs[2].MutableData[0] = 1;
        }
    }

    private static void Fill(Blob blob, Func<float, float> value)
    {
        var draw = new RandomDraw(1, (ulong)blob.Count, 0);
        Span<float> data = blob.MutableData;
        for (int i = 0; i < data.Length; i++)
            data[i] = value(draw.Float((uint)i));
    }

    private sealed record KnownNet(string File, int[] Image, int Classes, Action<NetParameter>? Derive = null);
}
