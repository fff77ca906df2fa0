using CaffeActors.Api;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>Every deploy net takes the weights of the net that is trained, layer by layer.</summary>
public sealed class DeployNetTests
{
    private static readonly string[] NotInDeployNets =
        ["Data", "Accuracy", "SoftmaxWithLoss", "EuclideanLoss", "SigmoidCrossEntropyLoss", "ContrastiveLoss"];

    /// <summary>Deploy nets, the nets that are trained, what only the latter learn, the last layer's type.</summary>
    public static TheoryData<string, string, string, string> Nets => new()
    {
        { "alexnet_deploy", "alexnet", "", "Softmax" },
        { "autoencoder_deploy", "autoencoder", "", "Sigmoid" },
        { "caffenet_deploy", "caffenet", "", "Softmax" },
        { "cifar10_full_deploy", "cifar10_full", "", "Softmax" },
        { "cifar10_full_sigmoid_bn_deploy", "cifar10_full_sigmoid_bn", "", "Softmax" },
        { "cifar10_full_sigmoid_deploy", "cifar10_full_sigmoid", "", "Softmax" },
        { "cifar10_quick_deploy", "cifar10_quick", "", "Softmax" },
        { "finetune_deploy", "finetune", "", "Softmax" },
        { "finetune_flickr_style_deploy", "finetune_flickr_style", "", "Softmax" },
        {
            "googlenet_deploy", "googlenet",
            "loss1/classifier loss1/conv loss1/fc loss2/classifier loss2/conv loss2/fc", "Softmax"
        },
        { "lenet_deploy", "lenet", "", "Softmax" },
        { "lstm_deploy", "lstm", "", "Softmax" },
        { "mobilenet_deploy", "mobilenet", "", "Softmax" },
        { "resnet18_deploy", "resnet18", "", "Softmax" },
        { "resnet50_deploy", "resnet50", "", "Softmax" },
        { "siamese_deploy", "siamese", "conv1_p conv2_p feat_p ip1_p ip2_p", "InnerProduct" },
        { "squeezenet_v1.1_deploy", "squeezenet_v1.1", "", "Softmax" },
        { "vgg16_deploy", "vgg16", "", "Softmax" },
    };

    [Fact]
    public void AllNets_HaveADeployNet()
    {
        string[] names = [.. Directory.GetFiles(Repository.PathOf("configs", "nets"), "*.prototxt")
            .Select(Path.GetFileNameWithoutExtension).OfType<string>()];
        Assert.Equal(
            names.Where(name => name.EndsWith("_deploy", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            Nets.Select(row => row.Data.Item1).Append("rcnn_deploy").Order(StringComparer.Ordinal));
        Assert.Equal(
            names.Where(name => !name.EndsWith("_deploy", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            Nets.Select(row => row.Data.Item2).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void DeployNet_TakesTheTrainedWeights(string deployed, string trained, string only, string last)
    {
        using CaffeNet deploy = CaffeNet.Open(PathOf(deployed), Phase.Test);
        using CaffeNet train = Train(trained, deploy.Net.Blob("data").Shape.ToArray());
        Assert.DoesNotContain(deploy.Net.Layers, layer => NotInDeployNets.Contains(layer.Layer.Type));
        Assert.Equal("Input", deploy.Net.Layers[0].Layer.Type);
        Assert.Equal(last, deploy.Net.Layers[^1].Layer.Type);
        Assert.Equal(
            Learnable(train.Net).Where(line => !only.Split(' ').Contains(line.Split(' ')[0])), Learnable(deploy.Net));
        Assert.Equal(only.Split(' ', StringSplitOptions.RemoveEmptyEntries), train.Net.Layers
            .Where(layer => layer.Layer.Blobs.Count > 0 && deploy.Net.FindLayer(layer.Name) is null)
            .Select(layer => layer.Name).Order(StringComparer.Ordinal));
        // No exception: names and shapes are all that sharing looks at.
        deploy.Net.ShareTrainedLayersWith(train.Net);
    }

    [Fact]
    public void RegionNet_IsCaffeNetUpToItsLastLayer()
    {
        using CaffeNet regions = CaffeNet.Open(PathOf("rcnn_deploy"), Phase.Test);
        using CaffeNet caffenet = CaffeNet.Open(PathOf("caffenet_deploy"), Phase.Test);
        Assert.Equal(Learnable(caffenet.Net).SkipLast(1), Learnable(regions.Net).SkipLast(1));
        Assert.Equal(["fc-rcnn"], regions.Net.OutputNames);
        Assert.Equal([10, 200], regions.Net.Blob("fc-rcnn").Shape.ToArray());
        Assert.Equal(57_687_624, new NetSummary(regions.Net).Parameters);
    }

    [Theory]
    [InlineData("googlenet_deploy", 6_998_552)]
    [InlineData("alexnet_deploy", 60_965_224)]
    public void DeployNet_HasThePublishedSize(string name, long parameters)
    {
        using CaffeNet net = CaffeNet.Open(PathOf(name), Phase.Test);
        Assert.Equal(parameters, new NetSummary(net.Net).Parameters);
    }

    // The train net without fillers, which cost more time than all the rest, on inputs of the deploy net's shape.
    private static CaffeNet Train(string name, int[] shape)
    {
        NetParameter net = NetFiles.ReadNet(PathOf(name));
        net.State = new NetState { Phase = Phase.Train };
        foreach (LayerParameter layer in net.Layer)
        {
            layer.ConvolutionParam?.WeightFiller = null;
            layer.InnerProductParam?.WeightFiller = null;
        }

        return CaffeNet.Open(net, new CaffeNetOptions
        {
            WithoutData = true,
            InputShapes = new Dictionary<string, int[]>
            {
                ["data"] = shape,
                ["label"] = [shape[0]],
                ["pair_data"] = [shape[0], 2, .. shape[2..]],
                ["sim"] = [shape[0]],
            },
        });
    }

    private static string[] Learnable(Net net) =>
        [.. net.Layers.Where(layer => layer.Layer.Blobs.Count > 0).Select(
            layer => $"{layer.Name} {string.Join(", ", layer.Layer.Blobs.Select(blob => blob.ShapeString))}")];

    private static string PathOf(string name) => Repository.PathOf("configs", "nets", name + ".prototxt");
}
