using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;
using CaffeActors.Data.Onnx;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Onnx;

/// <summary>Every net of configs/, run by ONNX Runtime and compared with our own forward pass.</summary>
public sealed class OnnxNetTests
{
    /// <summary>All deploy nets.</summary>
    public static TheoryData<string> DeployNets => new(
        Directory.GetFiles(Repository.PathOf("configs", "nets"), "*_deploy.prototxt")
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));

    /// <summary>Nets that are trained and are more than the deploy net with other ends: the net, the shape of its
    /// data, what is left of it.</summary>
    public static TheoryData<string, int[], string[]> TrainNets => new()
    {
        { "autoencoder", [2, 1, 28, 28], ["decode1neuron"] },
        { "googlenet", [1, 3, 224, 224], ["loss1/classifier", "loss2/classifier", "loss3/classifier"] },
        { "lenet", [2, 1, 28, 28], ["ip2"] },
        { "lstm", [64, 1, 28, 28], ["ip"] },
        { "siamese", [2, 2, 28, 28], ["feat", "feat_p"] },
    };

    [Theory]
    [MemberData(nameof(DeployNets))]
    public void DeployNet_ComputesTheSame(string name)
    {
        NetParameter parameter = NetFiles.ReadNet(PathOf(name));
        parameter.State = new NetState { Phase = Phase.Test };
        // A batch that the net does not fix is one item: large nets are slow.
        using var net = new ExportedNet(parameter);
        bool fixesBatch = name == "lstm_deploy";
        OnnxOptions options = fixesBatch ? new OnnxOptions() : new OnnxOptions { Batch = 1 };
        Run(net, options, [net.Net.OutputNames[^1]]);
        if (!fixesBatch)
            Assert.All(net.Net.InputNames, input => Assert.Equal(1, net.Net.Blob(input).Dim(0)));
    }

    [Theory]
    [MemberData(nameof(TrainNets))]
    public void TrainNet_KeepsItsScores(string name, int[] shape, string[] outputs)
    {
        NetParameter parameter = NetFiles.ReadNet(PathOf(name));
        parameter.State = new NetState { Phase = Phase.Test, Stage = { "test-on-test" } };
        DataPlaceholders.Replace(parameter, new Dictionary<string, int[]>
        {
            ["data"] = shape,
            ["label"] = [shape[0]],
            ["pair_data"] = shape,
            ["sim"] = [shape[0]],
        }, static _ => { });
        using var net = new ExportedNet(parameter);
        foreach (string label in net.Net.InputNames.Intersect(["label", "sim"]))
            net.FillWithIndices(label, 2);
        Run(net, new OnnxOptions(), outputs);
    }

    private static void Run(ExportedNet net, OnnxOptions options, string[] outputs) =>
        Assert.Equal(outputs, net.RunBoth(net.Export(options)).Order(StringComparer.Ordinal));

    private static string PathOf(string name) => Repository.PathOf("configs", "nets", name + ".prototxt");
}
