using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Forks;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Nvidia = CaffeActors.Compute.Schema.Nvidia;

namespace CaffeActors.Compute.Tests.Prototxt.Forks;

public sealed class NvidiaForkTests
{
    [Fact]
    public void NetText_ComesIntoOurSchemaWithPlaces()
    {
        const string Text = """
            name: "n" default_forward_type: FLOAT16
            layer { name: "c" type: "Convolution" bottom: "x" top: "c" forward_type: FLOAT16 forward_math: FLOAT
              convolution_param { num_output: 3 kernel_size: 1 conv_algos_override: "0,1,2" } cudnn_math_override: 0 }
            layer { name: "r" type: "RNN" bottom: "c" bottom: "d" top: "r" recurrent_param { num_output: 4 } }
            """;
        NetParameter net = Parse<NetParameter>(Text, out UpgradeNotice notice);
        Assert.Equal(
            TextFormat.Parse<NetParameter>("""
                name: "n" default_forward_type: FLOAT16
                layer { name: "c" type: "Convolution" bottom: "x" top: "c" forward_type: FLOAT16 forward_math: FLOAT
                  convolution_param { num_output: 3 kernel_size: 1 } }
                layer { name: "r" type: "RNN" bottom: "c" bottom: "d" top: "r" recurrent_param { num_output: 4 } }
                """),
            net);
        Assert.Equal(
            "'nv.prototxt' is written for NVIDIA's fork of Caffe and was read through its schema; passed over, as "
            + "nothing here uses them: ConvolutionParameter.conv_algos_override, LayerParameter.cudnn_math_override.",
            notice.Text);
        Assert.True(notice.IsLoss);
        Assert.Equal(new SourcePlace("nv.prototxt", 2, 1), SourcePlaces.Of(net.Layer[0]));
        Assert.Equal(new SourcePlace("nv.prototxt", 3, 23),
            SourcePlaces.OfField(net.Layer[0].ConvolutionParam, "num_output"));
    }

    [Fact]
    public void SolverText_KeepsWhatIsUsedAndTestsNotAtTheStart()
    {
        SolverParameter solver = Parse<SolverParameter>("""
            net: "n" rampup_interval: 10 rampup_lr: 0.5 larc: true solver_data_type: FLOAT solver_mode: CPU
            net_param { layer { name: "b" type: "BatchNorm" top: "b" batch_norm_param { scale_bias: true } } }
            """, out UpgradeNotice notice);
        Assert.Equal(10, solver.RampupInterval);
        Assert.Equal(0.5f, solver.RampupLr);
        Assert.True(solver.Larc);
        Assert.False(solver.TestInitialization);
        Assert.Equal(["BatchNorm", "Scale"], solver.NetParam.Layer.Select(layer => layer.Type));
        Assert.Contains("passed over, as nothing here uses them: BatchNormParameter.scale_bias, "
            + "SolverParameter.solver_data_type.", notice.Text, StringComparison.Ordinal);
        Assert.True(Parse<SolverParameter>("test_initialization: true eval_type: 'detection'", out _)
            .TestInitialization);
    }

    [Theory]
    [InlineData("rampup_interval: 3", true)]
    [InlineData("rampup_lr: 0.5 larc: true", true)]
    [InlineData("larc: true min_lr: 0.1", false)]
    [InlineData("rampup_interval: 3 weights: 'w'", false)]
    public void SolverText_IsKnownByItsRampup(string text, bool isForks)
    {
        SolverParameter read = TextFormat.Parse<SolverParameter>(text, "s.prototxt");
        SolverParameter solver = NvidiaFork.ParseText(read, text, "s.prototxt", out UpgradeNotice? notice);
        Assert.Equal(!isForks, ReferenceEquals(read, solver));
        Assert.Equal(isForks, notice is { IsLoss: false });
        Assert.Equal(!isForks, solver.TestInitialization);
        Assert.Equal(read.RampupInterval, solver.RampupInterval);
        Assert.Equal(read.RampupLr, solver.RampupLr);
    }

    // Read as ours, and once more as the fork's unless something in it is Caffe's alone.
    [Theory]
    [InlineData("default_forward_type: FLOAT16", true)]
    [InlineData("default_backward_math: FLOAT16", true)]
    [InlineData("global_grad_scale_adaptive: true", true)]
    [InlineData("layer { backward_type: FLOAT16 }", true)]
    [InlineData("layer { norm_param { eps: 0.1 } }", false)]
    [InlineData("layer { forward_type: FLOAT16 clip_param { min: 0 max: 1 } }", false)]
    public void NetText_IsKnownByItsTypes(string text, bool isForks)
    {
        const string Norm = " layer { name: 'b' type: 'BatchNorm' batch_norm_param { eps: 1e-8 } }";
        NetParameter read = TextFormat.Parse<NetParameter>(text + Norm, "n.prototxt");
        NetParameter net = NvidiaFork.ParseText(read, text + Norm, "n.prototxt", out UpgradeNotice? notice);
        Assert.Equal(!isForks, ReferenceEquals(read, net));
        Assert.Equal(isForks, notice is { IsLoss: false });
        Assert.Equal(isForks ? 1e-5f : 1e-8f, net.Layer[^1].BatchNormParam.Eps);
        net.Layer[^1].BatchNormParam.Eps = 1e-8f;
        Assert.Equal(read, net);
    }

    [Fact]
    public void BatchNorm_BecomesBatchNormAndScale()
    {
        NetParameter net = Parse<NetParameter>("""
            layer { name: "b" type: "BatchNorm" bottom: "x" top: "y" include { phase: TRAIN }
              param { lr_mult: 1 } param { lr_mult: 1 } param { lr_mult: 1 } param { lr_mult: 2 } param { lr_mult: 2 }
              batch_norm_param { eps: 1e-8 use_global_stats: false scale_filler { value: 2 } engine: CUDNN } }
            layer { name: "b_scale_bias" type: "ReLU" bottom: "y" top: "z" }
            """, out _);
        Assert.Equal(
            TextFormat.Parse<NetParameter>("""
                layer { name: "b" type: "BatchNorm" bottom: "x" top: "y" include { phase: TRAIN }
                  param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }
                  param { lr_mult: 0 decay_mult: 0 } batch_norm_param { eps: 1e-5 } }
                layer { name: "b_scale_bias_" type: "Scale" bottom: "y" top: "y" include { phase: TRAIN }
                  scale_param { bias_term: true filler { value: 2 } } }
                layer { name: "b_scale_bias" type: "ReLU" bottom: "y" top: "z" }
                """),
            net);
    }

    [Fact]
    public void TorchPooling_IsRoundModeFloor()
    {
        NetParameter net = Parse<NetParameter>(
            "layer { type: 'Pooling' pooling_param { kernel_size: 2 torch_pooling: true } }", out _);
        Assert.Equal(PoolingParameter.Types.RoundMode.Floor, net.Layer[0].PoolingParam.RoundMode);
    }

    [Theory]
    [InlineData("layer { nam: 'x' }", "has no field 'nam'", 1)]
    [InlineData("layer { clip_param { min: 0 max: 1 } }\nlayer { debug: true }", "fork of Caffe has one", 2)]
    [InlineData("layer { debug: true }\nlayer { nam: 'x' }", "which has the field of line 1", 2)]
    [InlineData("layer { debug: true }\nlayer {", "which has the field of line 1", 2)]
    [InlineData("layer { debug: true }\nlayer { clip_param {} }", "no field 'clip_param'", 2)]
    public void OtherFaults_AreToldWhereTheyAre(string text, string part, int line)
    {
        var fault = Assert.Throws<CaffeException>(() => Parse<NetParameter>(text, out _));
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.Equal(line, fault.Place!.Value.Line);
    }

    [Fact]
    public void EnumValueWithoutCounterpart_IsRefused()
    {
        var fault = Assert.Throws<CaffeException>(
            () => Parse<SolverParameter>("solver_data_type: FLOAT\nsolver_type: SAG", out _));
        Assert.Equal(ErrorCodes.BadFieldValue, fault.Code);
        Assert.Contains("'solver_type: SAG'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, fault.Place!.Value.Line);
    }

    [Theory]
    [InlineData("cudnn_math_override: 0", "NVIDIA's fork of Caffe has one")]
    [InlineData("roi_pooling_param { pooled_w: 7 }", "It belongs to the fork for Fast R-CNN, whose")]
    [InlineData("mn_param {}", "It belongs to Intel's fork, whose")]
    public void PlainText_WithAForksField_SaysWhose(string text, string part)
    {
        var fault = Assert.Throws<CaffeException>(() => TextFormat.Parse<LayerParameter>(text, "n.prototxt"));
        Assert.Equal(ErrorCodes.UnknownField, fault.Code);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BinaryNet_IsRecognisedByItsTypeFields()
    {
        var theirs = new Nvidia.NetParameter { Name = "n", DefaultForwardType = Nvidia.Type.Float16 };
        theirs.Layer.Add(new Nvidia.LayerParameter
        {
            Name = "r",
            Type = "RNN",
            ForwardType = Nvidia.Type.Float16,
            RecurrentParam = new Nvidia.RecurrentParameter { NumOutput = 4 },
        });
        theirs.Layer[0].Blobs.Add(new Nvidia.BlobProto { Data = { 1, 2 } });
        theirs.Layer.Add(new Nvidia.LayerParameter { Name = "s", Type = "Softmax" });
        NetParameter read = NetParameter.Parser.ParseFrom(theirs.ToByteArray());
        BlobProto blob = read.Layer[0].Blobs[0];
        NetParameter net = NvidiaFork.OfBinary(read, "w.caffemodel", out UpgradeNotice? notice);
        Assert.StartsWith("'w.caffemodel' is written for NVIDIA's fork", notice!.Text, StringComparison.Ordinal);
        Assert.Equal(4u, net.Layer[0].RecurrentParam.NumOutput);
        Assert.Same(blob, Assert.Single(net.Layer[0].Blobs));
        Assert.Equal("Softmax", net.Layer[1].Type);
    }

    [Fact]
    public void BinaryNetOfCaffe_StaysAsItIs()
    {
        NetParameter net = TextFormat.Parse<NetParameter>("""
            layer { name: "a" type: "Clip" clip_param { min: 0 max: 1 } blobs { data: 1 } }
            layer { name: "b" type: "Parameter" parameter_param { shape { dim: 3 } } }
            layer { name: "c" type: "RNN" recurrent_param { num_output: 2 } }
            layer { name: "d" type: "Swish" swish_param { beta: 2 } }
            """);
        NetParameter read = NetParameter.Parser.ParseFrom(net.ToByteArray());
        Assert.Same(read, NvidiaFork.OfBinary(read, "w.caffemodel", out UpgradeNotice? notice));
        Assert.Equal(net, read);
        Assert.Null(notice);
    }

    // As files are read: by our schema first.
    private static TMessage Parse<TMessage>(string text, out UpgradeNotice notice)
        where TMessage : class, IMessage<TMessage>, new()
    {
        var refusal = Assert.Throws<CaffeException>(() => TextFormat.Parse<TMessage>(text, "nv.prototxt"));
        Assert.Equal(ErrorCodes.UnknownField, refusal.Code);
        return NvidiaFork.ParseText<TMessage>(text, "nv.prototxt", refusal, out notice);
    }
}
