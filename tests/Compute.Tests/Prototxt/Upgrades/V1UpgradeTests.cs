using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Reflection;
using LayerType = CaffeActors.Compute.Schema.V1LayerParameter.Types.LayerType;

namespace CaffeActors.Compute.Tests.Prototxt.Upgrades;

public sealed class V1UpgradeTests
{
    [Fact]
    public void AlexNet_BecomesTodaysNet()
    {
        NetParameter net = Corpus.Net("net-v1-alexnet.prototxt");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.True(result.Changed);
        Assert.True(result.Lossless);
        Assert.Equal(
            TextFormat.Parse<NetParameter>(
                """
                name: "Photographs of 2014"
                layer {
                  name: "photos" type: "Data" top: "data" top: "label" include { phase: TRAIN }
                  data_param { source: "photos_train_lmdb" backend: LMDB batch_size: 256 }
                  transform_param { mean_file: "photos_mean.binaryproto" crop_size: 227 mirror: true }
                }
                layer {
                  name: "photos" type: "ImageData" top: "data" top: "label" include { phase: TEST stage: "final" }
                  image_data_param { source: "test.txt" batch_size: 50 }
                  transform_param { crop_size: 227 scale: 0.5 }
                }
                layer {
                  name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
                  param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
                  convolution_param {
                    num_output: 96 kernel_size: 11 stride: 4
                    weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0 }
                  }
                }
                layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
                layer {
                  name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
                  pooling_param { pool: MAX kernel_size: 3 stride: 2 }
                }
                layer {
                  name: "norm1" type: "LRN" bottom: "pool1" top: "norm1"
                  lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }
                }
                layer {
                  name: "fc6" type: "InnerProduct" bottom: "norm1" top: "fc6"
                  param { name: "shared_w" share_mode: PERMISSIVE lr_mult: 1 } param { name: "shared_b" }
                  inner_product_param { num_output: 4096 }
                }
                layer { name: "drop6" type: "Dropout" bottom: "fc6" top: "fc6" dropout_param { dropout_ratio: 0.5 } }
                layer {
                  name: "fc8" type: "InnerProduct" bottom: "fc6" top: "fc8" inner_product_param { num_output: 1000 }
                }
                layer {
                  name: "accuracy" type: "Accuracy" bottom: "fc8" bottom: "label" top: "accuracy"
                  exclude { phase: TRAIN }
                }
                layer {
                  name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" loss_weight: 0.5
                  loss_param { ignore_label: 255 normalize: false }
                }
                """),
            net);
    }

    [Fact]
    public void AnUpgradedNet_IsLeftAlone()
    {
        NetParameter net = Corpus.Net("net-v1-alexnet.prototxt");
        NetUpgrade.Upgrade(net);
        NetParameter once = net.Clone();
        UpgradeResult again = NetUpgrade.Upgrade(net);
        Assert.False(again.Changed);
        Assert.Empty(again.Notices);
        Assert.Equal(once, net);
    }

    [Theory]
    [InlineData("net-lenet.prototxt")]
    [InlineData("net-lenet.prototxt", "state { phase: TEST } input_shape { dim: 1 }")]
    public void ANetOfToday_IsLeftAlone(string name, string more = "")
    {
        NetParameter net = TextFormat.Parse<NetParameter>(Corpus.Text(name) + more), before = net.Clone();
        Assert.False(NetUpgrade.Upgrade(net).Changed);
        Assert.Equal(before, net);
    }

    [Fact]
    public void Types_HaveTheirNamesOfToday()
    {
        string[] names =
        [
            .. Enum.GetValues<LayerType>().Select(type => Upgraded(new V1LayerParameter { Type = type }).Type),
        ];
        Assert.Equal(40, names.Length);
        Assert.Equal(
            "AbsVal Accuracy ArgMax BNLL Concat ContrastiveLoss Convolution Data Deconvolution Dropout DummyData "
            + "Eltwise EuclideanLoss Exp Flatten HDF5Data HDF5Output HingeLoss Im2col ImageData InfogainLoss "
            + "InnerProduct LRN MVN MemoryData MultinomialLogisticLoss Pooling Power ReLU Sigmoid "
            + "SigmoidCrossEntropyLoss Silence Slice Softmax SoftmaxWithLoss Split TanH Threshold WindowData",
            string.Join(' ', names.Where(name => name.Length > 0).Order(StringComparer.Ordinal)));
        Assert.Equal("SoftmaxWithLoss", Upgraded(new V1LayerParameter { Type = LayerType.SoftmaxLoss }).Type);
        Assert.Equal("Im2col", Upgraded(new V1LayerParameter { Type = LayerType.Im2Col }).Type);
        Assert.Equal("", Upgraded(new V1LayerParameter { Type = LayerType.None }).Type);
        Assert.False(Upgraded(new V1LayerParameter { Name = "n" }).HasType);
    }

    [Fact]
    public void EveryParameterMessage_IsCarried()
    {
        foreach (FieldDescriptor field in V1LayerParameter.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message || field.IsRepeated || field.Name == "layer")
                continue;
            var old = new V1LayerParameter();
            field.Accessor.SetValue(old, field.MessageType.Parser.ParseFrom(ReadOnlySpan<byte>.Empty));
            object message = field.Accessor.GetValue(old);
            LayerParameter today = Upgraded(old);
            Assert.Same(message, LayerParameter.Descriptor.FindFieldByName(field.Name).Accessor.GetValue(today));
        }
    }

    [Fact]
    public void Weights_AreCarried()
    {
        var blob = new BlobProto { Num = 1, Channels = 1, Height = 2, Width = 2, Data = { 1, 2, 3, 4 } };
        LayerParameter today = Upgraded(new V1LayerParameter { Type = LayerType.Convolution, Blobs = { blob } });
        Assert.Same(blob, Assert.Single(today.Blobs));
    }

    [Fact]
    public void Places_StayWithTheirLayersAndFields()
    {
        NetParameter net = Corpus.Net("net-v1-alexnet.prototxt");
        NetUpgrade.Upgrade(net);
        const string Path = "net-v1-alexnet.prototxt";
        LayerParameter conv1 = net.Layer[2];
        Assert.Equal(new SourcePlace(Path, 26, 1), SourcePlaces.Of(conv1));
        Assert.Equal(new SourcePlace(Path, 29, 3), SourcePlaces.OfField(conv1, "bottom"));
        Assert.Equal(new SourcePlace(Path, 31, 3), SourcePlaces.Of(conv1.Param[0]));
        Assert.Equal(new SourcePlace(Path, 35, 3), SourcePlaces.Of(conv1.ConvolutionParam));
        TransformationParameter transform = net.Layer[0].TransformParam;
        Assert.Equal(new SourcePlace(Path, 7, 3), SourcePlaces.Of(transform));
        Assert.Equal(new SourcePlace(Path, 12, 5), SourcePlaces.OfField(transform, "crop_size"));
    }

    [Fact]
    public void WindowData_TellsThatItsScaleHasNoEffect()
    {
        var net = new NetParameter
        {
            Layers =
            {
                new V1LayerParameter
                {
                    Name = "w",
                    Type = LayerType.WindowData,
                    WindowDataParam = new WindowDataParameter { Scale = 0.5f, CropSize = 227 },
                },
            },
        };
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.True(result.Lossless);
        Assert.Equal(new TransformationParameter { Scale = 0.5f, CropSize = 227 }, net.Layer[0].TransformParam);
        Assert.Equal(new WindowDataParameter(), net.Layer[0].WindowDataParam);
        Assert.Contains(result.Notices, notice => notice.Text.Contains("reads 'scale' from window_data_param only"));
    }

    [Fact]
    public void BothForms_AreRefused()
    {
        NetParameter net = TextFormat.Parse<NetParameter>(
            "layer { name: 'a' }\nlayers { name: 'b' type: RELU }", "mixed.prototxt");
        var fault = Assert.Throws<CaffeException>(() => NetUpgrade.Upgrade(net));
        Assert.Equal(ErrorCodes.BadNet, fault.Code);
        Assert.Equal(new SourcePlace("mixed.prototxt", 2, 1), fault.Place);
    }

    private static LayerParameter Upgraded(V1LayerParameter old)
    {
        var net = new NetParameter { Layers = { old } };
        NetUpgrade.Upgrade(net);
        return Assert.Single(net.Layer);
    }
}
