using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

public sealed class StoragePlanTests : IDisposable
{
    private const string Net = """
        layer { name: "in" type: "Input" top: "x" top: "t"
          input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } shape { dim: 4 dim: 2 } } }
        layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
        layer { name: "p" type: "Pooling" bottom: "c" top: "p" top: "mask" pooling_param { kernel_size: 2 } }
        layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 5 } }
        layer { name: "s" type: "Slice" bottom: "t" top: "t0" top: "t1" }
        layer { name: "w" type: "Power" bottom: "t0" top: "w" power_param { shift: 1 } }
        layer { name: "n" type: "Power" bottom: "t1" top: "n" }
        layer { name: "e" type: "Embed" bottom: "n" top: "e" embed_param { num_output: 5 input_dim: 9 } }
        layer { name: "e2" type: "Flatten" bottom: "e" top: "e2" }
        layer { name: "m" type: "Eltwise" bottom: "f" bottom: "e2" top: "m" }
        layer { name: "l" type: "SoftmaxWithLoss" bottom: "m" bottom: "w" top: "l" }
        """;

    private readonly CpuDevice _device = new(1);
    private readonly List<string> _notices = [];

    public void Dispose() => _device.Dispose();

    [Fact]
    public void OnlyWhatMayLoseDigits_IsKeptIn16Bits()
    {
        using Net net = Build(Net, StorageType.BFloat16);
        string[] half = [.. net.BlobNames.Where(name => net.Blob(name).DataStorage == StorageType.BFloat16)];
        // Not the inputs, the labels and indices on their way, the loss, and the mask that nobody reads.
        Assert.Equal(["c", "p", "f", "e", "e2", "m"], half);
        Assert.Equal(["c", "p", "f", "t0", "t1", "w", "n", "e", "e2", "m"],
            net.BlobNames.Where(name => net.Blob(name).DiffStorage == StorageType.BFloat16));
        Assert.All(net.LearnableParams, param => Assert.Equal(
            (StorageType.Float32, StorageType.Float32), (param.Blob.DataStorage, param.Blob.DiffStorage)));
        Assert.Contains("Blobs are kept in bf16, their gradients in bf16; computing is in 32-bit floats.", _notices);
    }

    [Fact]
    public void Memory_Halves()
    {
        using Net net = Build(Net, StorageType.Float16);
        net.Blob("t").MutableData.Fill(1);
        net.Forward();
        net.Backward();
        long data = 0, diffs = 0;
        foreach (string name in (string[])["c", "p", "f", "e", "m"])
        {
            data += net.Blob(name).DataMemory.Bytes;
            diffs += net.Blob(name).DiffMemory.Bytes;
            Assert.Equal(net.Blob(name).DataMemory.Bytes / 2, net.Blob(name).DataMemory.StoredBytes);
        }

        Assert.Equal((data + diffs) / 2, _device.Store.Bytes);
        for (int i = 0; i < 3; i++)
        {
            net.Forward();
            net.Backward();
        }

        Assert.Equal((data + diffs) / 2, _device.Store.Bytes);
        // The windows of one layer, the largest: data of both blobs and their diffs.
        long conv = net.Blob("c").DataMemory.Bytes + 64, pool = net.Blob("p").DataMemory.Bytes + 64;
        Assert.InRange(_device.Store.Windows.Bytes, 2 * conv, 2 * (conv + pool));
    }

    [Theory]
    [InlineData("", "", "fp32", "fp32", "fp32")]
    [InlineData("", "", "bf16", "bf16", "bf16")]
    [InlineData("default_forward_type: FLOAT16", "", "fp32", "fp16", "fp32")]
    [InlineData("default_forward_type: FLOAT16 default_backward_type: FLOAT16", "backward_type: FLOAT", "bf16", "fp16",
        "fp32")]
    [InlineData("default_forward_type: FLOAT16", "forward_type: DOUBLE", "fp16", "fp32", "fp16")]
    [InlineData("", "forward_type: FLOAT16 backward_type: FLOAT16", "fp32", "fp16", "fp16")]
    public void Types_AreTheLayersThenTheNetsThenTheRuns(
        string net, string layer, string run, string forward, string backward)
    {
        NetParameter parameter =
            TextFormat.Parse<NetParameter>($"{net} layer {{ name: 'a' type: 'ReLU' {layer} }}", "net.prototxt");
        Precision precision =
            Precision.Of(parameter, parameter.Layer[0], StorageNames.Parse(run, "run"));
        Assert.Equal((forward, backward),
            (StorageNames.NameOf(precision.Forward), StorageNames.NameOf(precision.Backward)));
    }

    [Fact]
    public void TypeThatNoBlobHas_IsRefused()
    {
        var failure = Assert.Throws<CaffeException>(() => Build(
            "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 } } }\n"
            + "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' forward_type: INT }", StorageType.Float32));
        Assert.Equal(ErrorCodes.BadFieldValue, failure.Code);
        Assert.Contains("forward_type is INT", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, failure.Place?.Line);
    }

    // In place the blob is one: it keeps all digits where its two makers disagree.
    [Fact]
    public void BlobsThatShareMemory_HaveOneForm()
    {
        using Net net = Build(
            Net.Replace("type: \"ReLU\"", "type: \"ReLU\" forward_type: FLOAT", StringComparison.Ordinal),
            StorageType.Float16);
        Assert.Equal(StorageType.Float32, net.Blob("c").DataStorage);
        Assert.Equal(StorageType.Float16, net.Blob("c").DiffStorage);
    }

    [Fact]
    public void MathTypes_AreToldOnce()
    {
        using Net net = Build("default_forward_math: FLOAT16 default_forward_type: FLOAT16 " + Net,
            StorageType.Float32);
        Assert.Single(_notices, notice => notice == "Blobs are kept in fp16, their gradients in fp32; computing is in "
            + "32-bit floats, which FLOAT16 as a math type permits and does not ask for.");
    }

    private Net Build(string text, StorageType precision) => NetBuilder.Build(
        TextFormat.Parse<NetParameter>("state { phase: TRAIN } " + text, "net.prototxt"),
        new NetOptions(new LayerContext(_device, seed: 1) { Notice = _notices.Add }, LayerCatalog.Compute)
        {
            Precision = precision,
        });
}
