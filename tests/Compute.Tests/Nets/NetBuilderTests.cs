using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>How a net is put together: filters, splits, connections, sharing, who runs backward.</summary>
public sealed class NetBuilderTests : IDisposable
{
    private const string Input = """
        layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 4 dim: 3 } shape { dim: 4 } } }
        """;

    private readonly CpuDevice _device = new(2);
    private readonly List<string> _notices = [];

    public void Dispose() => _device.Dispose();

    private Net Build(string text) => NetBuilder.Build(
        TextFormat.Parse<NetParameter>(text, "net.prototxt"),
        new NetOptions(new LayerContext(_device, seed: 1) { Notice = _notices.Add }, LayerCatalog.Compute));

    private CaffeException Refused(string text) => Assert.Throws<CaffeException>(() => Build(text).Dispose());

    private static string Ip(string name, string bottom, string more = "", int outputs = 2) =>
        $"layer {{ name: \"{name}\" type: \"InnerProduct\" bottom: \"{bottom}\" top: \"{name}\" {more} "
        + $"inner_product_param {{ num_output: {outputs} weight_filler {{ type: \"xavier\" }} }} }}";

    private static string Loss(string bottom, string more = "", string name = "loss") =>
        $"layer {{ name: \"{name}\" type: \"SoftmaxWithLoss\" bottom: \"{bottom}\" bottom: \"t\" top: \"{name}\" "
            + $"{more} }}";

    [Theory]
    [InlineData("", "", true)]
    [InlineData("include { phase: TRAIN }", "", false)]
    [InlineData("include { phase: TRAIN } include { stage: \"a\" }", "stage: \"a\"", true)]
    [InlineData("include { stage: \"a\" stage: \"b\" }", "stage: \"a\"", false)]
    [InlineData("include { not_stage: \"a\" }", "stage: \"a\"", false)]
    [InlineData("include { min_level: 2 max_level: 4 }", "level: 3", true)]
    [InlineData("include { min_level: 2 }", "level: 1", false)]
    [InlineData("include { }", "", true)]
    [InlineData("exclude { phase: TEST }", "", false)]
    [InlineData("exclude { phase: TRAIN }", "", true)]
    public void Rules_DecideWhichLayersBelong(string rule, string state, bool kept)
    {
        using Net net = Build($"state {{ phase: TEST {state} }} {Input} {Ip("ip", "x", rule)}");
        Assert.Equal(kept, net.FindLayer("ip") is not null);
    }

    [Fact]
    public void IncludeAndExclude_AreRefusedTogether() => Assert.Equal(
        ErrorCodes.BadNet, Refused(Input + Ip("ip", "x", "include { phase: TEST } exclude { phase: TRAIN }")).Code);

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
    public void SharedParameters_HaveOneOwnerOneDiffAndOneMultiplier()
    {
        const string Named = "param { name: \"w\" lr_mult: 3 } param { name: \"b\" }";
        using Net net = Build(
            $"{Input} {Ip("a", "x", Named, 3)} "
            + $"{Ip("b", "a", "param { name: \"w\" } param { name: \"b\" decay_mult: 0 }", 3)} {Loss("b")}");
        Assert.Equal(["a/w", "a/b"], net.LearnableParams.Select(param => param.Name));
        Assert.Equal((3f, 0f), (net.LearnableParams[0].LrMult, net.LearnableParams[1].DecayMult));
        Assert.Same(net.FindLayer("a")!.Layer.Blobs[0].DiffMemory, net.FindLayer("b")!.Layer.Blobs[0].DiffMemory);
        Assert.Equal(ErrorCodes.BadSharing,
            Refused(Input + Ip("a", "x", Named, 3) + Ip("b", "a", Named.Replace('3', '2'), 3)).Code);
        Assert.Equal(ErrorCodes.BadSharing,
            Refused(Input + Ip("a", "x", Named, 3) + Ip("b", "a", "param { name: \"w\" }", 2)).Code);
    }

    [Theory]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"y\" top: \"z\" }", ErrorCodes.BadConnection, "'y'")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"x\" top: \"t\" }", ErrorCodes.BadConnection, "'in'")]
    [InlineData("layer { name: \"r\" type: \"Relu\" bottom: \"x\" top: \"y\" }", ErrorCodes.UnknownLayerType, "'ReLU'")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"x\" top: \"y\" param { } }", ErrorCodes.BlobCount, "'r'")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"x\" bottom: \"t\" top: \"y\" }", ErrorCodes.BlobCount,
        "'r'")]
    public void WhatDoesNotFit_IsToldWithTheLayersPlace(string layer, string code, string says)
    {
        CaffeException failure = Refused(Input + "\n  " + layer);
        Assert.Equal(code, failure.Code);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.Equal(("net.prototxt", 2), (failure.Place?.Path, failure.Place?.Line));
    }

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
    public void DebugInfo_TellsMeansOfAllBlobs()
    {
        using Net net = Build($"state {{ phase: TRAIN }} debug_info: true {Input} {Ip("ip", "x")} {Loss("ip")}");
        net.Blob("x").MutableData.Fill(1);
        _notices.Clear();
        net.Forward();
        net.Backward();
        Assert.Contains("    [Forward] Layer in, top blob x data: 1", _notices);
        Assert.Contains(_notices, line =>
            line.StartsWith("    [Forward] Layer ip, param blob 0 data: 0.", StringComparison.Ordinal));
        Assert.Contains(_notices, line =>
            line.StartsWith("    [Backward] Layer loss, bottom blob ip diff: ", StringComparison.Ordinal));
        Assert.Matches(@"All net params \(data, diff\): L1 norm = \(.+, .+\); L2 norm = \(.+, .+\)$", _notices[^1]);
    }

    [Fact]
    public void Summary_CountsParametersMemoryAndOperations()
    {
        using Net net = Build($$"""
            state { phase: TRAIN } {{Input}} {{Ip("ip", "x")}}
            layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" } {{Loss("ip")}}
            """);
        var summary = new NetSummary(net);
        Assert.Equal(8, summary.Parameters);
        Assert.Equal(4 * ((4 * 3) + 4 + (4 * 2) + 1), summary.ActivationBytes);
        Assert.Equal(2 * 4 * 3 * 2, summary.Rows[1].ForwardFlops);
        Assert.Equal(0, summary.Rows[2].ActivationBytes);
    }
}
