using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>Weights into and between nets, by layer name.</summary>
public sealed class WeightCopyTests : NetTests
{
    [Fact]
    public void Weights_AreCopiedByNameWithAReport()
    {
        using Net net = Build($"{Input} {Ip("a", "x")} {Ip("b", "a")}");
        NetParameter stored = TextFormat.Parse<NetParameter>("""
            layer { name: "gone" blobs { data: 1 } }
            layer { name: "a" blobs { num: 1 channels: 1 height: 2 width: 3 data: [1, 2, 3, 4, 5, 6] }
              blobs { shape { dim: 2 } double_data: [7, 8] } }
            """);
        WeightCopyReport report = net.CopyTrainedLayersFrom(stored);
        Assert.Equal(["a"], report.Loaded);
        Assert.Equal(["gone"], report.Skipped);
        Assert.Equal(["b"], report.Missing);
        Assert.Equal([1f, 2, 3, 4, 5, 6], net.FindLayer("a")!.Layer.Blobs[0].Data.ToArray());
        Assert.Equal([7f, 8], net.FindLayer("a")!.Layer.Blobs[1].Data.ToArray());
        stored.Layer[1].Blobs.RemoveAt(1);
        Assert.Equal(ErrorCodes.WeightMismatch, Assert.Throws<CaffeException>(() => net.CopyTrainedLayersFrom(stored))
            .Code);
    }

    [Fact]
    public void ShapesThatDiffer_AreToldWithBoth()
    {
        using Net net = Build($"{Input} {Ip("a", "x")}");
        float[] before = net.FindLayer("a")!.Layer.Blobs[0].Data.ToArray();
        NetParameter stored = TextFormat.Parse<NetParameter>("""
            layer { name: "a" blobs { shape { dim: 3 dim: 2 } data: [1, 2, 3, 4, 5, 6] }
              blobs { shape { dim: 2 } data: [7, 8] } }
            """);
        CaffeException failure = Assert.Throws<CaffeException>(() => net.CopyTrainedLayersFrom(stored));
        Assert.Equal((ErrorCodes.WeightMismatch, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains("2 3 (6)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("3 2 (6)", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, net.FindLayer("a")!.Layer.Blobs[0].Data.ToArray());
    }

    [Fact]
    public void SharersWithoutStoredBlobs_KeepTheirOwnersWeights()
    {
        const string Shared = "param { name: \"w\" } param { name: \"b\" }";
        using Net net = Build($"{Input} {Ip("a", "x", Shared)} {Ip("b", "x", Shared)}");
        WeightCopyReport report = net.CopyTrainedLayersFrom(TextFormat.Parse<NetParameter>("""
            layer { name: "a" blobs { shape { dim: 2 dim: 3 } data: [1, 2, 3, 4, 5, 6] }
              blobs { shape { dim: 2 } data: [7, 8] } }
            layer { name: "b" }
            """));
        Assert.Equal(["a", "b"], report.Loaded);
        Assert.Equal([1f, 2, 3, 4, 5, 6], net.FindLayer("b")!.Layer.Blobs[0].Data.ToArray());
    }

    [Fact]
    public void NetsThatShareWeights_KeepTheirOwnGradients()
    {
        using Net train = Build($"state {{ phase: TRAIN }} {Input} {Ip("a", "x")} {Loss("a")}");
        using Net test = Build($"{Input} {Ip("a", "x")} {Ip("c", "a")}");
        test.ShareTrainedLayersWith(train);
        Blob ours = test.FindLayer("a")!.Layer.Blobs[0], theirs = train.FindLayer("a")!.Layer.Blobs[0];
        theirs.MutableData.Fill(5);
        Assert.All(ours.Data.ToArray(), weight => Assert.Equal(5, weight));
        Assert.NotSame(ours.DiffMemory, theirs.DiffMemory);
        using Net other = Build($"{Input} {Ip("a", "x", "", 3)}");
        Assert.Equal(
            ErrorCodes.WeightMismatch,
            Assert.Throws<CaffeException>(() => other.ShareTrainedLayersWith(train)).Code);
    }
}
