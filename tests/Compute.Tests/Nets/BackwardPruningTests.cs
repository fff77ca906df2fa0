using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>Who runs backward.</summary>
public sealed class BackwardPruningTests : NetTests
{
    [Fact]
    public void LossThatOnlySilenceReads_TrainsNothing()
    {
        using Net net = Build($$"""
            state { phase: TRAIN } {{Input}} {{Ip("ip", "x")}} {{Loss("ip")}}
            layer { name: "eat" type: "Silence" bottom: "loss" }
            """);
        Assert.DoesNotContain(net.Layers, layer => layer.NeedBackward);
    }

    [Fact]
    public void FrozenLayers_AndWhatLiesBelow_RunNoBackward()
    {
        const string Frozen = "param { lr_mult: 0 } param { lr_mult: 0 }";
        using Net net = Build($"state {{ phase: TRAIN }} {Input} {Ip("a", "x", Frozen)} {Ip("b", "a")} {Loss("b")}");
        Assert.False(net.FindLayer("a")!.NeedBackward);
        Assert.Equal([false], net.FindLayer("b")!.BottomNeedBackward);
        Assert.True(net.FindLayer("b")!.NeedBackward);
        using Net forced = Build($"force_backward: true {Input} {Ip("a", "x", Frozen)} {Loss("a")}");
        Assert.True(forced.FindLayer("a")!.BottomNeedBackward[0]);
        Assert.Equal([true, false], forced.FindLayer("loss")!.BottomNeedBackward);
    }

    // What stands beside the predictions gets no gradient, and a pass with force_backward runs.
    [Theory]
    [InlineData("SoftmaxWithLoss", "x t", true, false)]
    [InlineData("SoftmaxWithLoss", "x t w", true, false, false)]
    [InlineData("HingeLoss", "x t", true, false)]
    [InlineData("MultinomialLogisticLoss", "x t", true, false)]
    [InlineData("SigmoidCrossEntropyLoss", "x x2", true, false)]
    [InlineData("EuclideanLoss", "x x2", true, true)]
    [InlineData("ContrastiveLoss", "x x2 t", true, true, false)]
    public void ForceBackward_LeavesLabelsAlone(string type, string bottoms, params bool[] wanted)
    {
        string names = string.Join(' ', bottoms.Split(' ').Select(name => $"bottom: \"{name}\""));
        using Net net = Build($$"""
            force_backward: true {{Input}}
            layer { name: "more" type: "Input" top: "x2" top: "w"
                input_param { shape { dim: 4 dim: 3 } shape { dim: 3 } } }
            layer { name: "loss" type: "{{type}}" {{names}} top: "loss" }
            """);
        Assert.Equal(wanted, net.FindLayer("loss")!.BottomNeedBackward);
        net.Forward();
        net.Backward();
    }

    [Fact]
    public void PropagateDown_ForcesAndBlocks()
    {
        using Net blocked = Build($"{Input} {Ip("a", "x")} {Ip("b", "a", "propagate_down: false")} {Loss("b")}");
        Assert.False(blocked.FindLayer("a")!.NeedBackward);
        using Net forced = Build($"{Input} {Ip("a", "x", "propagate_down: true")} {Loss("a")}");
        Assert.True(forced.FindLayer("a")!.BottomNeedBackward[0]);
        Assert.Equal(ErrorCodes.BlobCount, Refused(Input + Ip("a", "x", "propagate_down: true propagate_down: true"))
            .Code);
    }

    [Fact]
    public void LossWeightOnAnyTop_TrainsWhatLiesBelow()
    {
        using Net net = Build($"{Input} {Ip("a", "x")} {Ip("b", "a", "loss_weight: 0.5")} {Ip("c", "a")}");
        Assert.True(net.FindLayer("a")!.NeedBackward);
        Assert.True(net.FindLayer("b")!.NeedBackward);
        // c has weights to learn, yet no loss above it to learn from.
        Assert.False(net.FindLayer("c")!.NeedBackward);
    }

    [Fact]
    public void PartlyFrozenLayers_LearnTheRest()
    {
        using Net net = Build($"{Input} {Ip("a", "x", "param { lr_mult: 0 } param { lr_mult: 1 }")} {Loss("a")}");
        Assert.Equal([false, true], net.FindLayer("a")!.Layer.ParamPropagateDown);
        net.Blob("x").MutableData.Fill(1);
        net.ClearParamDiffs();
        net.Forward();
        net.Backward();
        Assert.All(net.FindLayer("a")!.Layer.Blobs[0].Diff.ToArray(), diff => Assert.Equal(0, diff));
        Assert.Contains(net.FindLayer("a")!.Layer.Blobs[1].Diff.ToArray(), diff => diff != 0);
    }

    [Fact]
    public void Log_TellsOfEveryLayer()
    {
        using Net net = Build($"state {{ phase: TRAIN }} {Input} {Ip("a", "x")} {Loss("a")}");
        Assert.Contains("a needs backward computation.", Notices);
        Assert.Contains("in does not need backward computation.", Notices);
    }
}
