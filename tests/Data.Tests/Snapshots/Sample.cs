using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Snapshots;

/// <summary>Nets, solvers and resume states to write.</summary>
internal static class Sample
{
    /// <summary>A file that Caffe wrote.</summary>
    public static string OfCaffe(params string[] parts) =>
        Repository.PathOf(["tests", "Data.Tests", "Snapshots", "Fixtures", .. parts]);

    public static Blob Blob(float first, params int[] shape)
    {
        var blob = new Blob(shape);
        for (int i = 0; i < blob.Count; i++)
        {
            blob.MutableData[i] = first + (0.1f * i);
            blob.MutableDiff[i] = -first - i;
        }

        return blob;
    }

    public static NetWeights Net(float first = 1) => new("näme", [
        new(new LayerParameter { Name = "data", Type = "Input", Top = { "data" }, InputParam = new() }, []),
        new(Convolution("conv"), [Blob(first, 2, 1, 3, 3), Blob(first, 2)]),
        new(new LayerParameter { Name = "bn", Type = "BatchNorm" }, [Blob(first, 1), Blob(first)]),
        new(new LayerParameter { Name = "ip", Type = "InnerProduct" }, [Blob(first + 1, 3, 8)], [false]),
    ]);

    public static LayerParameter Convolution(string name) => new()
    {
        Name = name,
        Type = "Convolution",
        Bottom = { "data" },
        Top = { "conv", "" },
        LossWeight = { 1, 0.5f },
        Param = { new ParamSpec { LrMult = 2, Name = "w" } },
        Include = { new NetStateRule { Phase = Phase.Train } },
        Phase = Phase.Test,
        PropagateDown = { true, false },
        ConvolutionParam = new() { NumOutput = 2, KernelSize = { 3 }, WeightFiller = new() { Type = "xavier" } },
        TransformParam = new() { Scale = 0.5f },
    };

    public static SolverProgress Progress(int iteration, float first = 5) =>
        new(iteration, 2, [Blob(first, 2, 1, 3, 3), Blob(first, 2)]);

    public static ResumeState Resume(string runId = "run-a", int segment = 0) => new()
    {
        RunId = runId,
        NetHash = "0a",
        SolverHash = "0b",
        SolverType = "SGD",
        WorldSize = 2,
        DataPositions = new Dictionary<string, long> { ["data"] = 1L << 40, ["dätä/2"] = 0 },
        RandomStreams =
        [
            new("drop1/mask", ulong.MaxValue, 14695981039346656037, 12),
            new("data/crop", 0, 1, ulong.MaxValue),
        ],
        LayerStates = [LayerState.Of("train/lstm/h", Blob(0.1f, 1, 2, 3))],
        SmoothedLoss = new([1 / 3f, float.NaN, float.PositiveInfinity], 0.1f + 0.2f),
        BestSnapshot = new("test0/accuracy", 3, 0.75),
        MetricSegment = segment,
        MetricStep = 7,
    };

    /// <summary>The message that protobuf would write for a net.</summary>
    public static NetParameter ToProto(NetWeights net, bool withDiff)
    {
        var proto = new NetParameter { Name = net.Name };
        foreach (LayerWeights layer in net.Layers)
        {
            LayerParameter copy = layer.Parameter.Clone();
            copy.Blobs.Clear();
            copy.Blobs.AddRange(layer.Blobs.Select(blob => blob.ToProto(withDiff)));
            proto.Layer.Add(copy);
        }

        return proto;
    }

    /// <summary>A stored net as something to write.</summary>
    public static NetWeights FromProto(NetParameter proto) =>
        new(proto.Name, [.. proto.Layer.Select(layer => new LayerWeights(layer, [.. layer.Blobs.Select(FromProto)]))]);

    public static Blob FromProto(BlobProto proto)
    {
        var blob = new Blob();
        blob.FromProto(proto);
        return blob;
    }
}
