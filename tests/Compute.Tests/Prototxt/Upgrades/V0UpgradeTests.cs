using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt.Upgrades;

public sealed class V0UpgradeTests
{
    [Fact]
    public void LeNet_BecomesTodaysNet()
    {
        NetParameter net = Corpus.Net("net-v0-lenet.prototxt");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.True(result.Changed);
        Assert.True(result.Lossless);
        Assert.Equal(
            Parse(
                """
                name: "Digits of 2013"
                layer {
                  name: "digits" type: "Data" top: "data" top: "label"
                  data_param { source: "digits_train_leveldb" batch_size: 64 }
                  transform_param { scale: 0.00390625 }
                }
                layer {
                  name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
                  param { lr_mult: 1 } param { lr_mult: 2 }
                  convolution_param {
                    num_output: 20 kernel_size: 5 stride: 1
                    weight_filler { type: "xavier" } bias_filler { type: "constant" }
                  }
                }
                layer {
                  name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
                  pooling_param { kernel_size: 2 stride: 2 pool: MAX }
                }
                layer {
                  name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1"
                  param { lr_mult: 1 } param { lr_mult: 2 }
                  inner_product_param { num_output: 500 weight_filler { type: "xavier" } }
                }
                layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
                layer {
                  name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
                  inner_product_param { num_output: 10 bias_term: false weight_filler { type: "xavier" } }
                }
                layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" }
                """),
            net);
    }

    [Fact]
    public void AlexNet_LosesItsPaddingLayers()
    {
        NetParameter net = Corpus.Net("net-v0-alexnet.prototxt");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.DoesNotContain(net.Layer, layer => layer.Name.StartsWith("pad", StringComparison.Ordinal));
        LayerParameter conv2 = Layer(net, "conv2"), pool2 = Layer(net, "pool2");
        Assert.Equal(["norm1"], conv2.Bottom);
        Assert.Equal([2u], conv2.ConvolutionParam.Pad);
        Assert.Equal(2u, conv2.ConvolutionParam.Group);
        Assert.Equal(["conv2"], pool2.Bottom);
        Assert.Equal(1u, pool2.PoolingParam.Pad);
        Assert.Equal(PoolingParameter.Types.PoolMethod.Ave, pool2.PoolingParam.Pool);
        Assert.Contains(result.Notices, notice => notice.Text.Contains("'pad2' became pad: 2 of Layer 'conv2'"));
    }

    [Fact]
    public void AlexNet_MovesEveryField()
    {
        NetParameter net = Corpus.Net("net-v0-alexnet.prototxt");
        NetUpgrade.Upgrade(net);
        Assert.Equal(
            TextFormat.Parse<TransformationParameter>(
                "mean_file: 'photos_mean.binaryproto' crop_size: 227 mirror: true"),
            Layer(net, "photos").TransformParam);
        Assert.Equal(
            TextFormat.Parse<LRNParameter>("local_size: 5 alpha: 0.0001 beta: 0.75 k: 2"),
            Layer(net, "norm1").LrnParam);
        Assert.Equal(0.4f, Layer(net, "drop6").DropoutParam.DropoutRatio);
        Assert.Equal(1u, Layer(net, "joined").ConcatParam.ConcatDim);
        Assert.Equal("Split", Layer(net, "split6").Type);
        Assert.Equal([1f, 2f], Layer(net, "conv1").Param.Select(spec => spec.LrMult));
        Assert.Equal([1f, 0f], Layer(net, "conv1").Param.Select(spec => spec.DecayMult));
    }

    [Fact]
    public void AlexNet_TellsWhatMeansNothingToItsLayer()
    {
        NetParameter net = Corpus.Net("net-v0-alexnet.prototxt");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.False(result.Lossless);
        UpgradeNotice loss = Assert.Single(result.Notices, notice => notice.IsLoss);
        Assert.Contains("Layer 'photos': 'det_context_pad' means nothing to a layer of type 'data'", loss.Text);
        Assert.Equal(new SourcePlace("net-v0-alexnet.prototxt", 11, 5), loss.Place);
    }

    [Fact]
    public void Places_StayWithTheirLayersAndFields()
    {
        NetParameter net = Corpus.Net("net-v0-alexnet.prototxt");
        NetUpgrade.Upgrade(net);
        const string Path = "net-v0-alexnet.prototxt";
        LayerParameter conv2 = Layer(net, "conv2");
        Assert.Equal(new SourcePlace(Path, 41, 1), SourcePlaces.Of(conv2));
        Assert.Equal(new SourcePlace(Path, 44, 5), SourcePlaces.OfField(conv2, "type"));
        Assert.Equal(new SourcePlace(Path, 52, 3), SourcePlaces.OfField(conv2, "top"));
        Assert.Equal(new SourcePlace(Path, 47, 5), SourcePlaces.OfField(conv2.ConvolutionParam, "kernel_size"));
        Assert.Equal(new SourcePlace(Path, 40, 47), SourcePlaces.OfField(conv2.ConvolutionParam, "pad"));
        Assert.Equal(new SourcePlace(Path, 48, 5), SourcePlaces.Of(conv2.ConvolutionParam.WeightFiller));
    }

    [Theory]
    [InlineData(
        "type: 'images' source: 's' batchsize: 2 rand_skip: 3 shuffle_images: true new_height: 4 new_width: 5",
        "type: 'ImageData' image_data_param { source: 's' batch_size: 2 rand_skip: 3 shuffle: true "
        + "new_height: 4 new_width: 5 }")]
    [InlineData(
        "type: 'window_data' source: 's' batchsize: 2 det_fg_threshold: .1 det_bg_threshold: .2 det_fg_fraction: .3 "
        + "det_context_pad: 4 det_crop_mode: 'square'",
        "type: 'WindowData' window_data_param { source: 's' batch_size: 2 fg_threshold: .1 bg_threshold: .2 "
        + "fg_fraction: .3 context_pad: 4 crop_mode: 'square' }")]
    [InlineData(
        "type: 'data' source: 's' batchsize: 2 rand_skip: 3",
        "type: 'Data' data_param { source: 's' batch_size: 2 rand_skip: 3 }")]
    [InlineData(
        "type: 'hdf5_data' source: 's' batchsize: 2",
        "type: 'HDF5Data' hdf5_data_param { source: 's' batch_size: 2 }")]
    [InlineData(
        "type: 'hdf5_output' hdf5_output_param { file_name: 'f' }",
        "type: 'HDF5Output' hdf5_output_param { file_name: 'f' }")]
    [InlineData("type: 'infogain_loss' source: 's'", "type: 'InfogainLoss' infogain_loss_param { source: 's' }")]
    [InlineData(
        "type: 'pool' pool: STOCHASTIC kernelsize: 3 stride: 2 pad: 1",
        "type: 'Pooling' pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 pad: 1 }")]
    public void Fields_GoToTheParametersOfTheirType(string old, string today)
    {
        NetParameter net = Parse($"layers {{ layer {{ name: 'l' {old} }} }}");
        Assert.True(NetUpgrade.Upgrade(net).Lossless);
        Assert.Equal(Parse($"layer {{ name: 'l' {today} }}"), net);
    }

    [Theory]
    [InlineData("accuracy", "Accuracy")]
    [InlineData("bnll", "BNLL")]
    [InlineData("concat", "Concat")]
    [InlineData("conv", "Convolution")]
    [InlineData("data", "Data")]
    [InlineData("dropout", "Dropout")]
    [InlineData("euclidean_loss", "EuclideanLoss")]
    [InlineData("flatten", "Flatten")]
    [InlineData("hdf5_data", "HDF5Data")]
    [InlineData("hdf5_output", "HDF5Output")]
    [InlineData("im2col", "Im2col")]
    [InlineData("images", "ImageData")]
    [InlineData("infogain_loss", "InfogainLoss")]
    [InlineData("innerproduct", "InnerProduct")]
    [InlineData("lrn", "LRN")]
    [InlineData("multinomial_logistic_loss", "MultinomialLogisticLoss")]
    [InlineData("pool", "Pooling")]
    [InlineData("relu", "ReLU")]
    [InlineData("sigmoid", "Sigmoid")]
    [InlineData("softmax", "Softmax")]
    [InlineData("softmax_loss", "SoftmaxWithLoss")]
    [InlineData("split", "Split")]
    [InlineData("tanh", "TanH")]
    [InlineData("window_data", "WindowData")]
    public void Types_HaveTheirNamesOfToday(string old, string today)
    {
        NetParameter net = Parse($"layers {{ layer {{ name: 'l' type: '{old}' }} bottom: 'b' }}");
        NetUpgrade.Upgrade(net);
        Assert.Equal(Parse($"layer {{ name: 'l' type: '{today}' bottom: 'b' }}"), net);
    }

    [Fact]
    public void Weights_AreCarried()
    {
        NetParameter net = Parse(
            """
            input: "x" input_dim: [1, 1, 4, 4]
            layers {
              layer {
                name: "c" type: "conv" num_output: 2 kernelsize: 1
                blobs { num: 2 channels: 1 height: 1 width: 1 data: [0.5, -1.5] }
                blobs { num: 1 channels: 1 height: 1 width: 2 data: [1, 2] }
              }
              bottom: "x" top: "c"
            }
            """);
        BlobProto weights = net.Layers[0].Layer.Blobs[0];
        NetUpgrade.Upgrade(net);
        Assert.Equal(["Input", "Convolution"], net.Layer.Select(layer => layer.Type));
        Assert.Equal(2, net.Layer[1].Blobs.Count);
        Assert.Same(weights, net.Layer[1].Blobs[0]);
        Assert.Equal([1f, 2f], net.Layer[1].Blobs[1].Data);
    }

    [Fact]
    public void WindowData_TellsThatItsScaleHasNoEffect()
    {
        NetParameter net = Parse("layers { layer { name: 'w' type: 'window_data' scale: 0.5 } }");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.True(result.Lossless);
        Assert.Equal(0.5f, net.Layer[0].TransformParam.Scale);
        Assert.Null(net.Layer[0].WindowDataParam);
        Assert.Contains(result.Notices, notice => notice.Text.Contains("reads 'scale' from window_data_param only"));
    }

    [Fact]
    public void V1LayersBesideV0Ones_StayAsTheyAre()
    {
        NetParameter net = Parse(
            "layers { layer { name: 'a' type: 'relu' } } layers { name: 'b' type: TANH }");
        NetUpgrade.Upgrade(net);
        Assert.Equal(["ReLU", "TanH"], net.Layer.Select(layer => layer.Type));
    }

    [Theory]
    [InlineData("layer { name: 'l' type: 'convolution' }", ErrorCodes.UnknownLayerType, "V0 types are accuracy")]
    [InlineData("layer { name: 'l' type: 'innerproducts' }", ErrorCodes.UnknownLayerType, "mean 'innerproduct'?")]
    [InlineData("layer { name: 'l' type: 'images' new_width: -1 }", ErrorCodes.BadFieldValue, "-1")]
    public void BadLayers_AreRefusedWithTheirPlace(string inside, string code, string part)
    {
        NetParameter net = TextFormat.Parse<NetParameter>($"\nlayers {{ {inside} }}", "old.prototxt");
        var fault = Assert.Throws<CaffeException>(() => NetUpgrade.Upgrade(net));
        Assert.Equal(code, fault.Code);
        Assert.Contains(part, fault.Message);
        Assert.Equal(2, fault.Place!.Value.Line);
        Assert.True(fault.Place!.Value.Column > 9);
    }

    [Theory]
    [InlineData("layers { layer { name: 'r' type: 'relu' } bottom: 'p' top: 'r' }", "feeds Layer 'r' of type 'relu'")]
    [InlineData("layers { layer { name: 'c' type: 'conv' } bottom: 'p' bottom: 'x' top: 'r' }", "with 2 bottoms")]
    [InlineData("layers { layer { name: 'q' type: 'padding' } bottom: 'p' top: 'q' }", "of type 'padding'")]
    [InlineData("layers { layer { name: 'c' type: 'conv' } bottom: 'z' top: 'r' }", "its bottom 'z' (index 0)")]
    public void Padding_ForWhatCannotTakeItIsRefused(string next, string part)
    {
        NetParameter net = TextFormat.Parse<NetParameter>(
            $"input: 'x' layers {{ layer {{ name: 'p' type: 'padding' pad: 1 }} bottom: 'x' top: 'p' }}\n{next}",
            "old.prototxt");
        var fault = Assert.Throws<CaffeException>(() => NetUpgrade.Upgrade(net));
        Assert.Equal(ErrorCodes.BadConnection, fault.Code);
        Assert.Contains(part, fault.Message);
        Assert.Equal(2, fault.Place!.Value.Line);
    }

    [Fact]
    public void Padding_ReplacesThePadOfItsUser()
    {
        NetParameter net = Parse(
            """
            input: 'x'
            layers { layer { name: 'p' type: 'padding' pad: 3 } bottom: 'x' top: 'p' }
            layers { layer { name: 'c' type: 'conv' pad: 1 } bottom: 'p' top: 'c' }
            """);
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.Equal([3u], Assert.Single(net.Layer).ConvolutionParam.Pad);
        Assert.Contains(result.Notices, notice => notice.Text.Contains("its own pad 1 gives way"));
    }

    private static NetParameter Parse(string text) => TextFormat.Parse<NetParameter>(text);

    private static LayerParameter Layer(NetParameter net, string name) => net.Layer.Single(layer => layer.Name == name);
}
