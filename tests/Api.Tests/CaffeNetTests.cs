using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Api.Tests;

public sealed class CaffeNetTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public void Dispose() => _files.Dispose();

    private CaffeNet Open(CaffeNetOptions? options = null, string more = "") =>
        CaffeNet.Open(_files.Deploy(more), null, options ?? new CaffeNetOptions { Seed = 3, Threads = 1 });

    [Fact]
    public void Net_ShowsItsBlobsParamsInputsAndOutputs()
    {
        using CaffeNet net = Open();
        Assert.Equal("deploy", net.Name);
        Assert.Equal(["data"], net.Inputs);
        Assert.Equal(["prob"], net.Outputs);
        Assert.Equal(["data", "conv", "ip", "prob"], net.Blobs.Keys);
        Assert.Equal(["conv", "ip"], net.Params.Keys);
        Assert.Equal([4, 3, 3, 3], net.Params["conv"][0].Shape.ToArray());
        Assert.Equal(["data", "conv", "relu", "ip", "prob"], net.Layers.Select(layer => layer.Name));
    }

    [Fact]
    public void Device_IsTheOneOfTheOptions()
    {
        List<string> told = [], warned = [];
        using CaffeNet here = Open(), there = Open(new CaffeNetOptions
        {
            Seed = 3,
            Threads = 1,
            Device = TestDevices.Name,
            Notice = told.Add,
            Warning = warned.Add,
        });
        Assert.Equal(TestDevices.Gpu is null, there.Gpu is null);
        Assert.Contains(
            TestDevices.Gpu is null ? "Use CPU." : $"Use GPU with device ID {TestDevices.Gpu.Number}", told);
        Assert.Equal(TestDevices.Name, there.Layers.Single(layer => layer.Name == "ip").Place);
        Assert.Equal(
            there.Layers.Count(layer => there.Gpu is not null && layer.Layer is { Gpu: null, BelongsToHost: false }),
            warned.Count);
        NdArray images = ApiFixture.Wave(4, 3, 6, 6);
        float[] expected = here.Forward(("data", images))["prob"].Data.ToArray();
        float[] actual = there.Forward(("data", images))["prob"].Data.ToArray();
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
        // A net that nobody asked to be anywhere else is on the CPU.
        Assert.Null(here.Gpu);
    }

    [Theory]
    [InlineData("", FailureKind.Configuration)]
    [InlineData("gpu", FailureKind.Configuration)]
    [InlineData("cuda:0", FailureKind.Configuration)]
    [InlineData("gpu:99", FailureKind.Device)]
    public void Device_MustBeThere(string device, FailureKind kind)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Open(new CaffeNetOptions { Device = device }));
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(kind == FailureKind.Device ? "there is no GPU 99" : $"not '{device}'", failure.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData(Phase.Train, null, true)]
    [InlineData(null, 0, false)]
    [InlineData(null, 3, true)]
    public void Level_IsTheFilesOwnUnlessGiven(Phase? phase, int? level, bool there)
    {
        string file = _files.Deploy("""
            state { level: 2 }
            layer { name: "deep" type: "Input" top: "deep" include { min_level: 2 } }
            """);
        using CaffeNet net = CaffeNet.Open(file, phase, new CaffeNetOptions { Level = level, Threads = 1 });
        Assert.Equal(there, net.Blobs.ContainsKey("deep"));
    }

    [Fact]
    public void Forward_TakesInputsAndGivesOutputs()
    {
        using CaffeNet net = Open();
        NdArray images = ApiFixture.Wave(4, 3, 6, 6);
        float[] first = net.Forward(("data", images))["prob"].Data.ToArray();
        Assert.Equal(1, first[..5].Sum(), 1e-5f);
        images.CopyTo(net.Blobs["data"]);
        Assert.Equal(first, net.Forward()["prob"].Data.ToArray());
    }

    [Fact]
    public void Ranges_AreTheWholeInParts()
    {
        using CaffeNet net = Open(more: "force_backward: true");
        NdArray images = ApiFixture.Wave(4, 3, 6, 6), diff = ApiFixture.Wave(4, 5);
        float[] whole = net.Forward(("data", images))["prob"].Data.ToArray();
        Blob conv = net.ForwardRange(end: "relu").Single().Value;
        Assert.Same(net.Blobs["conv"], conv);
        Assert.Equal(whole, net.ForwardRange("ip")["prob"].Data.ToArray());

        float[] gradient = net.Backward(("prob", diff))["data"].Diff.ToArray();
        Assert.Contains(gradient, value => value != 0);
        net.ClearParamDiffs();
        net.Blobs["data"].MutableDiff.Clear();
        Assert.Same(net.Blobs["conv"], net.BackwardRange(end: "ip").Single().Value);
        Assert.Equal(gradient, net.BackwardRange("relu")["data"].Diff.ToArray());
    }

    [Fact]
    public void ANetOpenedForAUse_RefusesOthers()
    {
        using CaffeNet forward = Open(new CaffeNetOptions { Threads = 1, Use = new NetUse(Backward: false) });
        forward.Forward(("data", ApiFixture.Wave(4, 3, 6, 6)));
        Assert.Throws<InvalidOperationException>(() => forward.Backward());
        Assert.Throws<InvalidOperationException>(() => forward.BackwardRange("prob"));
        Assert.Throws<InvalidOperationException>(() => forward.ForwardRange("ip"));
        Assert.Same(forward.Blobs["conv"], forward.ForwardRange(end: "relu").Single().Value);
        using CaffeNet both = Open(
            new CaffeNetOptions { Threads = 1, ForceBackward = true, Use = new NetUse(Backward: true) });
        both.Forward(("data", ApiFixture.Wave(4, 3, 6, 6)));
        Assert.Contains(both.Backward(("prob", ApiFixture.Wave(4, 5)))["data"].Diff.ToArray(), value => value != 0);
        Assert.Throws<InvalidOperationException>(() => both.BackwardRange("relu"));
    }

    [Fact]
    public void ForwardAll_CutsIntoBatches()
    {
        using CaffeNet net = Open();
        NdArray images = ApiFixture.Wave(10, 3, 6, 6);
        NdArray all = net.ForwardAll(("data", images))["prob"];
        Assert.Equal([10, 5], all.Shape.ToArray());
        net.Reshape("data", 1, 3, 6, 6);
        for (int i = 0; i < 10; i++)
        {
            float[] one = net.Forward(("data", images.Row(i).Reshape(1, 3, 6, 6)))["prob"].Data.ToArray();
            for (int k = 0; k < 5; k++)
                Assert.Equal(one[k], all[i, k], 1e-6f);
        }
    }

    [Fact]
    public void ForwardBackwardAll_GivesTheInputsGradients()
    {
        using CaffeNet net = Open(new CaffeNetOptions { Seed = 3, ForceBackward = true });
        NdArray images = ApiFixture.Wave(6, 3, 6, 6), diffs = ApiFixture.Wave(6, 5);
        (IReadOnlyDictionary<string, NdArray> outputs, IReadOnlyDictionary<string, NdArray> gradients) =
            net.ForwardBackwardAll([("data", images)], [("prob", diffs)]);
        Assert.Equal([6, 5], outputs["prob"].Shape.ToArray());
        Assert.Equal([6, 3, 6, 6], gradients["data"].Shape.ToArray());

        net.Reshape("data", 6, 3, 6, 6);
        net.Forward(("data", images));
        float[] whole = net.Backward(("prob", diffs))["data"].Diff.ToArray();
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], gradients["data"].Values[i], 1e-6f);
    }

    [Fact]
    public void Reshape_GivesEveryBlobItsShape()
    {
        using CaffeNet net = Open();
        net.Reshape("data", 2, 3, 6, 6);
        Assert.Equal([2, 5], net.Blobs["prob"].Shape.ToArray());
    }

    [Theory]
    [InlineData("w.caffemodel")]
    [InlineData("w.caffemodel.h5")]
    public void Save_IsReadBack(string name)
    {
        using CaffeNet net = Open();
        net.Save(_files.At(name));
        using CaffeNet other = Open(new CaffeNetOptions { Seed = 9, Weights = _files.At(name) });
        Assert.Equal(net.Params["ip"][0].Data.ToArray(), other.Params["ip"][0].Data.ToArray());
    }

    [Fact]
    public void LoadWeights_TellsWhatItDid()
    {
        using CaffeNet net = Open();
        net.Save(_files.At("w.caffemodel"));
        using CaffeNet other = CaffeNet.Open(TextFormat.Parse<NetParameter>("""
            layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
            layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
              convolution_param { num_output: 4 kernel_size: 3 } }
            layer { name: "new" type: "InnerProduct" bottom: "conv" top: "new" inner_product_param { num_output: 2 } }
            """));
        var report = Assert.Single(other.LoadWeights(_files.At("w.caffemodel")));
        Assert.Equal(["conv"], report.Loaded);
        Assert.Contains("ip", report.Skipped);
        Assert.Equal(["new"], report.Missing);
    }

    [Fact]
    public void ShareWith_UsesTheOthersWeights()
    {
        using CaffeNet net = Open(), other = Open(new CaffeNetOptions { Seed = 8 });
        other.ShareWith(net);
        net.Params["ip"][1].MutableData[0] = 7;
        Assert.Equal(7, other.Params["ip"][1].Data[0]);
    }

    [Fact]
    public void Callbacks_HearEveryLayer()
    {
        using CaffeNet net = Open(more: "force_backward: true");
        List<string> heard = [];
        net.BeforeForward += layer => heard.Add("+" + layer.Name);
        net.AfterForward += layer => heard.Add("-" + layer.Name);
        net.BeforeBackward += layer => heard.Add("<" + layer.Name);
        net.AfterBackward += layer => heard.Add(">" + layer.Name);
        net.ForwardRange("ip", "prob");
        net.BackwardRange(end: "prob");
        Assert.Equal(["+ip", "-ip", "+prob", "-prob", "<prob", ">prob"], heard);
    }

    // Its ReLU works in place, and is done by the convolution where all layers run.
    [Fact]
    public void PassesOverSomeLayers_ComputeEachLayersOwn()
    {
        using CaffeNet net = Open(more: "force_backward: true");
        NdArray images = ApiFixture.Wave(4, 3, 6, 6);
        net.Forward(("data", images));
        Assert.NotEmpty(net.Net.PassEffects);
        float[] whole = net.Blobs["prob"].Data.ToArray();
        net.ForwardRange(end: "conv");
        Assert.Contains(net.Blobs["conv"].Data.ToArray(), value => value < 0);
        net.ForwardRange("relu");
        Assert.Equal(whole, net.Blobs["prob"].Data);
        net.Backward(("prob", ApiFixture.Wave(4, 5)));
        float[] gradient = net.Blobs["data"].Diff.ToArray();
        net.BackwardRange(end: "relu");
        net.BackwardRange("conv");
        Assert.Equal(gradient, net.Blobs["data"].Diff);
        float least = 0;
        net.AfterForward += layer => least = layer.Name == "conv" ? net.Blobs["conv"].Data.ToArray().Min() : least;
        net.Forward();
        Assert.True(least < 0);
    }

    [Fact]
    public void SetInputArrays_FeedsMemoryData()
    {
        using CaffeNet net = CaffeNet.Open(TextFormat.Parse<NetParameter>("""
            layer { name: "m" type: "MemoryData" top: "data" top: "label"
              memory_data_param { batch_size: 2 channels: 1 height: 1 width: 3 } }
            layer { name: "s" type: "Silence" bottom: "label" }
            """));
        net.SetInputArrays(new NdArray([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0], 4, 1, 1, 3), new NdArray([0, 1, 2, 3], 4));
        Assert.Equal([1, 2, 3, 4, 5, 6], net.Forward()["data"].Data.ToArray());
        Assert.Equal([7, 8, 9, 0, 0, 0], net.Forward()["data"].Data.ToArray());
    }

    [Fact]
    public void Faults_AreTold()
    {
        using CaffeNet net = Open();
        Tells("no input 'dat'; did you mean 'data'?", () => net.Forward(("dat", ApiFixture.Wave(4, 3, 6, 6))));
        Tells("does not fit into a blob of shape 4 3 6 6", () => net.Forward(("data", ApiFixture.Wave(3, 3, 6, 6))));
        Tells("no layer 'convx'; did you mean 'conv'?", () => net.ForwardRange("convx"));
        Tells("no output 'ip'", () => net.Backward(("ip", ApiFixture.Wave(4, 5))));
        Tells("items of 4 3 6 6", () => net.ForwardAll(("data", ApiFixture.Wave(5, 3, 6, 5))));
        Tells("no MemoryData layer", () => net.SetInputArrays(ApiFixture.Wave(1), ApiFixture.Wave(1)));
        Assert.Equal(FailureKind.Configuration,
            Assert.Throws<CaffeException>(() => CaffeNet.Open(_files.At("gone.prototxt"))).Kind);
        Assert.Equal(FailureKind.Data,
            Assert.Throws<CaffeException>(() => net.LoadWeights(_files.At("gone.caffemodel"))).Kind);

        static void Tells(string says, Action act) =>
            Assert.Contains(says, Assert.Throws<CaffeException>(act).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LeavesTheMessageAsItIs()
    {
        NetParameter message = TextFormat.Parse<NetParameter>("""
            layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
            """);
        NetParameter before = message.Clone();
        using CaffeNet net = CaffeNet.Open(message, new CaffeNetOptions { ForceBackward = true });
        Assert.Equal(before, message);
    }
}
