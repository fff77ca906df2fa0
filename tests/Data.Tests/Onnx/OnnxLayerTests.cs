using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Recurrent;
using CaffeActors.Data.Onnx;
using CaffeActors.Data.Onnx.Schema;
using CaffeActors.Data.PlugIns;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Onnx;

/// <summary>Each exporter, run by ONNX Runtime and compared with our own forward pass.</summary>
public sealed class OnnxLayerTests
{
    /// <summary>Type, bottoms, settings, tops.</summary>
    public static TheoryData<string, string, string, int> Cases => new()
    {
        { "AbsVal", "2 3 4", "", 1 },
        { "ArgMax", "3 5", "", 1 },
        { "ArgMax", "3 2 4 @3", "argmax_param { top_k: 3 }", 1 },
        { "ArgMax", "3 2 2 3", "argmax_param { top_k: 2 out_max_val: true }", 1 },
        { "ArgMax", "3 6 4 @4", "argmax_param { axis: 1 top_k: 2 }", 1 },
        { "ArgMax", "3 6 4", "argmax_param { axis: -1 top_k: 2 out_max_val: true }", 1 },
        { "Axpy", "2 3; 2 3 4 5; 2 3 4 5", "", 1 },
        { "Axpy", "2 3 1 1; 2 3 4 5; 2 3 4 5", "", 1 },
        { "BNLL", "2 3 4", "", 1 },
        { "BatchNorm", "2 3 4 5", "", 1 },
        { "BatchNorm", "4 3", "", 1 },
        { "BatchNorm", "4", "", 1 },
        { "BatchNorm", "3 2 4 5", "batch_norm_param { use_global_stats: false eps: 0.01 }", 1 },
        { "BatchReindex", "4 3 2; 6 @4", "", 1 },
        { "Bias", "2 3 4 5", "", 1 },
        { "Bias", "2 3 4 5", "bias_param { axis: 0 num_axes: -1 }", 1 },
        { "Bias", "2 3 4; 4", "bias_param { axis: -1 }", 1 },
        { "Clip", "2 3 4", "clip_param { min: -0.5 max: 0.25 }", 1 },
        { "Clip", "2 3 4", "clip_param { min: 0.5 max: -0.25 }", 1 },
        { "Concat", "2 3 4; 2 2 4; 2 1 4", "", 1 },
        { "Concat", "2 3; 1 3", "concat_param { axis: -2 }", 1 },
        { "Concat", "2 3; 2 4", "concat_param { concat_dim: 1 }", 1 },
        { "Convolution", "2 4 7 8", "convolution_param { num_output: 6 kernel_size: 3 pad: 1 stride: 2 }", 1 },
        {
            "Convolution", "2 4 9 8", "convolution_param { num_output: 6 kernel_h: 3 kernel_w: 2 pad_h: 1 pad_w: 0 "
            + "stride_h: 1 stride_w: 2 dilation: 2 group: 2 bias_term: false }", 1
        },
        { "Convolution", "2 4 9", "convolution_param { num_output: 3 kernel_size: 3 pad: 2 }", 1 },
        { "Convolution", "2 2 5 6 4", "convolution_param { num_output: 3 kernel_size: 2 stride: 2 pad: 1 }", 1 },
        { "Convolution", "2 4 2 2", "convolution_param { num_output: 3 kernel_size: 3 stride: 2 }", 1 },
        { "Convolution", "2 3 4 6 5", "convolution_param { axis: 2 num_output: 3 kernel_size: 3 }", 1 },
        { "Convolution", "2 3", "convolution_param { num_output: 4 kernel_size: 1 }", 1 },
        { "Convolution", "2 4 5 6; 2 4 5 6", "convolution_param { num_output: 3 kernel_size: 3 }", 2 },
        { "Crop", "2 3 7 8; 1 1 4 5", "crop_param { offset: 1 offset: 2 }", 1 },
        { "Crop", "2 3 7 8; 2 2 4 5", "crop_param { axis: 1 offset: 1 }", 1 },
        { "Crop", "3 4; 2 2", "crop_param { axis: 0 }", 1 },
        { "Deconvolution", "2 4 5 4", "convolution_param { num_output: 6 kernel_size: 4 stride: 2 pad: 1 }", 1 },
        {
            "Deconvolution", "2 4 5 4", "convolution_param { num_output: 6 kernel_h: 3 kernel_w: 2 stride_h: 3 "
            + "stride_w: 1 dilation: 2 group: 2 bias_term: false }", 1
        },
        { "Deconvolution", "2 3 5", "convolution_param { num_output: 2 kernel_size: 3 stride: 2 }", 1 },
        { "Dropout", "2 3", "", 1 },
        { "DummyData", "", "dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 1.5 } }", 2 },
        { "ELU", "2 3 4", "elu_param { alpha: 0.7 }", 1 },
        { "Eltwise", "2 3 4; 2 3 4; 2 3 4", "", 1 },
        { "Eltwise", "2 3 4; 2 3 4; 2 3 4", "eltwise_param { coeff: 1 coeff: -0.5 coeff: 2 }", 1 },
        { "Eltwise", "2 3 4; 2 3 4; 2 3 4", "eltwise_param { operation: PROD }", 1 },
        { "Eltwise", "2 3 4; 2 3 4", "eltwise_param { operation: MAX coeff: 2 coeff: 3 }", 1 },
        { "Embed", "2 3 @5", "embed_param { input_dim: 5 num_output: 4 }", 1 },
        { "Embed", "4 @5", "embed_param { input_dim: 5 num_output: 3 bias_term: false }", 1 },
        { "Exp", "2 3 4", "", 1 },
        { "Exp", "2 3 4", "exp_param { base: 2 scale: 0.5 shift: 1 }", 1 },
        { "Flatten", "2 3 4 5", "", 1 },
        { "Flatten", "2 3 4 5", "flatten_param { axis: -3 end_axis: -2 }", 1 },
        { "Im2col", "2 3 6 5", "convolution_param { kernel_h: 3 kernel_w: 2 stride: 2 pad: 1 dilation: 1 }", 1 },
        { "InnerProduct", "2 3 4 5", "inner_product_param { num_output: 7 }", 1 },
        { "InnerProduct", "2 5", "inner_product_param { num_output: 7 transpose: true bias_term: false }", 1 },
        { "InnerProduct", "2 3 4 5", "inner_product_param { num_output: 7 axis: 2 transpose: true }", 1 },
        { "InnerProduct", "2 3 5", "inner_product_param { num_output: 4 axis: 0 }", 1 },
        { "Input", "", "input_param { shape { dim: 2 dim: 3 } }", 2 },
        { "LRN", "2 9 4 5", "lrn_param { local_size: 5 alpha: 0.5 beta: 0.6 k: 2 }", 1 },
        { "LRN", "2 2 4 5", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 0.5 k: 9 }", 1 },
        { "LSTM", "4 3 5; 4 3 @2", "recurrent_param { num_output: 6 }", 1 },
        { "LSTM", "4 3 5 2; 4 3 @2; 3 4", "recurrent_param { num_output: 6 }", 1 },
        { "LSTM", "4 3 5; 4 3 @2; 1 3 6; 1 3 6", "recurrent_param { num_output: 6 expose_hidden: true }", 3 },
        { "LSTMUnit", "1 3 4; 1 3 16; 1 3 @2", "", 2 },
        { "Log", "2 3 4", "log_param { base: 10 scale: 0.5 shift: 3 }", 1 },
        { "MVN", "2 3 4 5", "", 1 },
        { "MVN", "2 3 4 5", "mvn_param { across_channels: true eps: 0.1 }", 1 },
        { "MVN", "2 3 4", "mvn_param { normalize_variance: false }", 1 },
        { "Normalize", "2 3 4 5", "", 1 },
        { "Normalize", "2 3 4", "norm_param { across_spatial: false channel_shared: false eps: 0.1 }", 1 },
        { "PReLU", "2 3 4 5", "", 1 },
        { "PReLU", "2 3", "", 1 },
        { "PReLU", "2 3 4", "prelu_param { channel_shared: true }", 1 },
        { "Parameter", "", "parameter_param { shape { dim: 2 dim: 3 } }", 1 },
        { "Permute", "2 3 4 5", "permute_param { order: 0 order: 2 order: 3 order: 1 }", 1 },
        { "Permute", "2 3 4", "permute_param { order: 2 }", 1 },
        { "Pooling", "2 3 7 8", "pooling_param { kernel_size: 3 stride: 2 }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { kernel_size: 3 stride: 2 }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { kernel_size: 3 stride: 2 round_mode: FLOOR }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { kernel_size: 3 stride: 2 pad: 1 }", 1 },
        {
            "Pooling", "2 3 6 8",
            "pooling_param { kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 3 pad_h: 1 pad_w: 2 }", 1
        },
        { "Pooling", "2 3 5 4", "pooling_param { kernel_size: 1 stride: 3 }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { kernel_size: 3 stride: 2 pad: 1 }", 2 },
        { "Pooling", "2 3 6 8", "pooling_param { global_pooling: true }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { global_pooling: true }", 2 },
        { "Pooling", "2 3 7 8", "pooling_param { pool: AVE kernel_size: 3 stride: 2 }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }", 1 },
        { "Pooling", "2 3 6 9", "pooling_param { pool: AVE kernel_size: 4 stride: 3 pad: 2 }", 1 },
        { "Pooling", "2 3 5 4", "pooling_param { pool: AVE kernel_size: 1 stride: 3 }", 1 },
        { "Pooling", "2 3 6 8", "pooling_param { pool: AVE global_pooling: true }", 1 },
        { "Pooling", "2 3 9", "pooling_param { pool: AVE kernel_size: 2 stride: 2 }", 1 },
        { "Pooling", "2 2 5 6 4", "pooling_param { kernel_size: 3 stride: 2 }", 2 },
        { "Pooling", "2 2 5 6 4", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }", 1 },
        { "Pooling", "2 3 6 8 @4", "pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 }", 1 },
        { "Power", "2 3 4", "", 1 },
        { "Power", "2 3 4", "power_param { power: 2 scale: 0.5 shift: 1 }", 1 },
        { "Power", "2 3 4", "power_param { power: -0.5 scale: 0.5 shift: 1 }", 1 },
        { "Power", "2 3 4", "power_param { power: 3 scale: 0 shift: 2 }", 1 },
        { "Power", "2 3 4", "power_param { power: 0 }", 1 },
        { "RNN", "4 3 5; 4 3 @2", "recurrent_param { num_output: 6 }", 1 },
        { "RNN", "4 3 5; 4 3 @2; 3 2 2; 1 3 6", "recurrent_param { num_output: 6 expose_hidden: true }", 2 },
        { "ReLU", "2 3 4", "", 1 },
        { "ReLU", "2 3 4", "relu_param { negative_slope: 0.1 }", 1 },
        { "Reduction", "2 3 4", "", 1 },
        { "Reduction", "2 3 4", "reduction_param { operation: ASUM axis: 1 coeff: 0.5 }", 1 },
        { "Reduction", "2 3 4", "reduction_param { operation: SUMSQ axis: -1 }", 1 },
        { "Reduction", "2 3 4", "reduction_param { operation: MEAN axis: 1 coeff: 3 }", 1 },
        { "Reshape", "2 3 4", "reshape_param { shape { dim: 0 dim: 2 dim: -1 } }", 1 },
        { "Reshape", "2 3 4", "reshape_param { shape { dim: 6 } axis: 0 num_axes: 2 }", 1 },
        { "SPP", "2 3 7 9", "spp_param { pyramid_height: 3 }", 1 },
        { "SPP", "2 3 6 8", "spp_param { pyramid_height: 2 pool: AVE }", 1 },
        { "SPP", "2 3 6 8", "spp_param { pyramid_height: 1 }", 1 },
        { "Scale", "2 3 4 5", "scale_param { bias_term: true }", 1 },
        { "Scale", "2 3 4 5", "scale_param { axis: 0 num_axes: 2 }", 1 },
        { "Scale", "2 3 4", "scale_param { num_axes: 0 }", 1 },
        { "Scale", "2 3 4 5; 3 4", "scale_param { bias_term: true }", 1 },
        { "Scale", "2 3 4; 4", "scale_param { axis: -1 }", 1 },
        { "Sigmoid", "2 3 4", "", 1 },
        { "Slice", "2 6 3", "", 3 },
        { "Slice", "2 3 6", "slice_param { axis: -1 slice_point: 1 slice_point: 3 }", 3 },
        { "Slice", "4 3", "slice_param { slice_dim: 0 }", 2 },
        { "Softmax", "2 3 4", "", 1 },
        { "Softmax", "2 3 4", "softmax_param { axis: -1 }", 1 },
        { "Split", "2 3", "", 2 },
        { "Swish", "2 3 4", "swish_param { beta: 1.5 }", 1 },
        { "TanH", "2 3 4", "", 1 },
        { "Threshold", "2 3 4", "threshold_param { threshold: 0.25 }", 1 },
        { "Tile", "2 3 4", "tile_param { tiles: 3 }", 1 },
        { "Tile", "2 3 4", "tile_param { axis: -1 tiles: 2 }", 1 },
    };

    /// <summary>Layers that are left out: type, bottoms, settings, tops; what is left.</summary>
    public static TheoryData<string, string, string, int, string> LeftOut => new()
    {
        { "Accuracy", "3 4; 3 @4", "", 1, "ip" },
        { "ContrastiveLoss", "3 4; 3 4; 3 @2", "", 1, "ip" },
        { "EuclideanLoss", "3 4; 3 4", "", 1, "ip" },
        { "HDF5Output", "3 4; 3 4", "hdf5_output_param { file_name: 'never.h5' }", 0, "ip" },
        { "HingeLoss", "3 4; 3 @4", "", 1, "ip" },
        { "L1Loss", "3 4; 3 4", "", 1, "ip" },
        { "MultinomialLogisticLoss", "3 4; 3 @4", "", 1, "ip" },
        { "SigmoidCrossEntropyLoss", "3 4; 3 4", "", 1, "ip" },
        { "SmoothL1Loss", "3 4; 3 4", "", 1, "ip" },
        { "SoftmaxWithLoss", "3 4; 3 @4", "", 1, "ip" },
        { "SoftmaxWithLoss", "3 4; 3 @4", "", 2, "out1" },
        { "InfogainLoss", "3 4; 3 @4; 1 1 4 4", "", 1, "ip" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Layer_ComputesTheSame(string type, string inputs, string settings, int tops)
    {
        using ExportedNet net = new LayerCase(type, inputs, settings, tops).Open();
        foreach (int opset in (int[])[OnnxOptions.OldestOpset, 17, 18, OnnxOptions.NewestOpset])
        {
            // RNN and LSTM carry their states on; the file begins with zeros each time.
            foreach (RecurrentLayer layer in net.Net.Layers.Select(layer => layer.Layer)
                .OfType<RecurrentLayer>())
                layer.Reset();
            ModelProto model = net.Export(new OnnxOptions { Opset = opset });
            Assert.Equal(Enumerable.Range(0, tops).Select(i => $"out{i}"), net.RunBoth(model).Order());
        }
    }

    [Theory]
    [MemberData(nameof(LeftOut))]
    public void Loss_IsLeftOut(string type, string inputs, string settings, int tops, string output)
    {
        // What the layer reads first is what a layer before it makes.
        string prototxt = new LayerCase(type, inputs, settings, tops).Prototxt().Replace(
            "bottom: 'in0'", "bottom: 'ip'", StringComparison.Ordinal).Replace("layer { name: 'layer'",
            "layer { name: 'ip' type: 'InnerProduct' bottom: 'in0' top: 'ip' inner_product_param { num_output: 4 } }\n"
            + "layer { name: 'layer'", StringComparison.Ordinal);
        using var net = new ExportedNet(prototxt);
        List<string> notices = [];
        ModelProto model = net.Export(new OnnxOptions { Notice = notices.Add });
        Assert.Equal(["in0"], model.Graph.Input.Select(input => input.Name));
        Assert.Equal([output], model.Graph.Output.Select(value => value.Name));
        Assert.Equal([$"layer 'layer' ({type}) is left out"], notices);
        // Labels and matrices for the pass of our own.
        net.FillWithIndices("in1", 2);
        if (type != "HDF5Output")
            net.RunBoth(model);
    }

    [Fact]
    public void Types_AreAllThatANetCanHave()
    {
        Assert.Equal(["Python"], LayerPlugIns.BuiltIn.Types.Except(OnnxFile.Types));
        Assert.Empty(OnnxFile.Types.Except(LayerPlugIns.BuiltIn.Types));
        // Data layers are written as Input is; Filter and Silence have tests of their own.
        Assert.Equal(["Data", "Filter", "HDF5Data", "ImageData", "MemoryData", "Silence", "WindowData"],
            OnnxFile.Types.Except(Cases.Select(row => row.Data.Item1)).Except(LeftOut.Select(row => row.Data.Item1)));
    }

    [Fact]
    public void Page_HasARowForEachType()
    {
        string[] rows = [.. File.ReadLines(Repository.PathOf("docs", "onnx.md"))
            .SkipWhile(line => line != "| layer | becomes | remarks |").Skip(2)
            .TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')[1].Trim())];
        Assert.Equal(OnnxFile.Types.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Filter_KeepsItemsWithAnOpenBatch()
    {
        using ExportedNet net = new LayerCase("Filter", "6 3 2; 6 4; 6 @2", "", 2).Open();
        ModelProto model = net.Export(new OnnxOptions { DynamicBatch = true });
        net.FillWithIndices("in2", 2);
        Assert.Equal(["out0", "out1"], net.RunBoth(model).Order());
        Assert.InRange(net.Net.Blob("out0").Dim(0), 1, 5);
        AssertRefused(net, "how many items it keeps is known only when the net runs");
    }

    [Fact]
    public void Silence_HidesOutputs()
    {
        using var net = new ExportedNet("""
            layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 2 dim: 4 } } }
            layer { name: 'slice' type: 'Slice' bottom: 'in' top: 'a' top: 'b' }
            layer { name: 'silence' type: 'Silence' bottom: 'a' }
            """);
        Assert.Equal(["b"], net.RunBoth(net.Export()));
    }

    [Fact]
    public void Places_OfAWindowOutside_AreRefused()
    {
        using ExportedNet net =
            new LayerCase("Pooling", "2 3 5 4", "pooling_param { kernel_size: 1 stride: 3 }", 2).Open();
        AssertRefused(net, "a window lies wholly outside");
    }

    private static void AssertRefused(ExportedNet net, string why)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => net.Export());
        Assert.Equal((ErrorCodes.NotExportable, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains(why, failure.Message);
        Assert.Contains("layer 'layer' (", failure.Message);
    }
}
