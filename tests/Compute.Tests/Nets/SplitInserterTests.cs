using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>Blobs with several readers get a Split.</summary>
public sealed class SplitInserterTests : NetTests
{
    [Fact]
    public void BlobsReadTwice_AreSplitBehindTheLastProducer()
    {
        using Net net = Build($$"""
            {{Input}} {{Ip("ip", "x")}}
            layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
            layer { name: "a" type: "TanH" bottom: "ip" top: "a" }
            layer { name: "b" type: "TanH" bottom: "ip" top: "b" }
            """);
        Assert.Equal(["in", "ip", "relu", "ip_relu_0_split", "a", "b"], net.Layers.Select(layer => layer.Name));
        Assert.Equal(["ip_relu_0_split_1"], net.FindLayer("b")!.BottomNames);
        Assert.Same(net.FindLayer("relu")!.Bottom[0], net.FindLayer("relu")!.Top[0]);
        Assert.Equal(["a", "b", "t"], net.OutputNames);
        Assert.Equal(["x", "t"], net.InputNames);
    }

    [Fact]
    public void LossWeight_MovesToTheSplit()
    {
        using Net net = Build($$"""
            state { phase: TRAIN } {{Input}} {{Ip("ip", "x")}} {{Loss("ip", "loss_weight: 2")}}
            layer { name: "eat" type: "Silence" bottom: "loss" }
            """);
        NetLayer split = net.FindLayer("loss_loss_0_split")!;
        Assert.Equal((2f, 0f), (split.Layer.LossWeight(0), split.Layer.LossWeight(1)));
        Assert.Equal(["loss_loss_0_split_1"], net.FindLayer("eat")!.BottomNames);
        Assert.True(net.FindLayer("ip")!.NeedBackward);
    }

    [Fact]
    public void TopsOfOneLayer_AreSplitEachByItsUses()
    {
        NetParameter net = TextFormat.Parse<NetParameter>("""
            layer { name: "two" top: "a" top: "b" top: "c" }
            layer { name: "r1" bottom: "b" bottom: "a" }
            layer { name: "r2" bottom: "b" bottom: "c" bottom: "b" }
            """);
        NetParameter before = net.Clone();
        NetParameter split = SplitInserter.Insert(net);
        Assert.Equal(before, net);
        Assert.Equal(["two", "b_two_1_split", "r1", "r2"], split.Layer.Select(layer => layer.Name));
        Assert.Equal(["b_two_1_split_0", "b_two_1_split_1", "b_two_1_split_2"], split.Layer[1].Top);
        Assert.Equal(["b_two_1_split_0", "a"], split.Layer[2].Bottom);
        Assert.Equal(["b_two_1_split_1", "c", "b_two_1_split_2"], split.Layer[3].Bottom);
    }

    [Fact]
    public void NetsWithoutRepeatedUses_StayAsTheyAre()
    {
        NetParameter net = TextFormat.Parse<NetParameter>(
            "name: \"n\" " + Input + Ip("a", "x") + Ip("b", "a", "loss_weight: 1"));
        Assert.Equal(net, SplitInserter.Insert(net));
        // What has been split needs no more splits.
        NetParameter twice = TextFormat.Parse<NetParameter>(Input + Ip("a", "x") + Ip("b", "x"));
        NetParameter once = SplitInserter.Insert(twice);
        Assert.Equal(once, SplitInserter.Insert(once));
    }

    [Fact]
    public void BottomsNobodyProduces_AreRefusedWithTheNearestName()
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => SplitInserter.Insert(
            TextFormat.Parse<NetParameter>(Input + "\n" + Ip("fc", "xx"), "net.prototxt")));
        Assert.Equal((ErrorCodes.BadConnection, 2), (failure.Code, failure.Place?.Line));
        Assert.Contains("did you mean 'x'?", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_MeetInTheSplit()
    {
        using Net net = Build($$"""
            force_backward: true state { phase: TRAIN } {{Input}}
            layer { name: "p" type: "Power" bottom: "x" top: "p" power_param { scale: 2 } loss_weight: 1 }
            layer { name: "q" type: "Power" bottom: "x" top: "q" power_param { scale: 5 } loss_weight: 1 }
            """);
        net.Forward();
        net.Backward();
        Assert.All(net.Blob("x").Diff.ToArray(), diff => Assert.Equal(7, diff));
    }
}
