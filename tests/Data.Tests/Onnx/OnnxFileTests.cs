using System.Buffers.Binary;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Onnx;
using CaffeActors.Data.Onnx.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Onnx;

/// <summary>What is in an exported file, and what is refused.</summary>
public sealed class OnnxFileTests
{
    private const string Small = """
        name: 'n'
        layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 1 dim: 2 } } }
        layer { name: 'ip' type: 'InnerProduct' bottom: 'in' top: 'ip' inner_product_param { num_output: 1 } }
        """;

    private const string Digits = """
        name: 'digits'
        layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 1 dim: 12 dim: 12 } } }
        layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
          convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: 'norm' type: 'BatchNorm' bottom: 'conv' top: 'conv' }
        layer { name: 'scale' type: 'Scale' bottom: 'conv' top: 'conv' scale_param { bias_term: true } }
        layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }
        layer { name: 'pool' type: 'Pooling' bottom: 'conv' top: 'pool' pooling_param { kernel_size: 3 stride: 2 } }
        layer { name: 'left' type: 'InnerProduct' bottom: 'pool' top: 'left' inner_product_param { num_output: 5 } }
        layer { name: 'right' type: 'Flatten' bottom: 'pool' top: 'right' }
        layer { name: 'join' type: 'Concat' bottom: 'left' bottom: 'right' top: 'join' }
        layer { name: 'prob' type: 'Softmax' bottom: 'join' top: 'prob' }
        """;

    [Fact]
    public void File_HasTheBytesOfTheFormat()
    {
        using var net = new ExportedNet(Small);
        (float w0, float w1, float b) = (0.5f, -2, 3);
        net.Net.LearnableParams[0].Blob.MutableData[0] = w0;
        net.Net.LearnableParams[0].Blob.MutableData[1] = w1;
        net.Net.LearnableParams[1].Blob.MutableData[0] = b;
        using var folder = new TemporaryFolder();
        OnnxSummary summary = OnnxFile.Write(folder.At("n.onnx"), net.Net, new OnnxOptions
        {
            Metadata = new Dictionary<string, string> { ["phase"] = "TEST", ["mean_file"] = "" },
        });

        byte[] transB = Message(5, [.. Text(1, "transB"), .. Number(3, 1), .. Number(20, 2)]);
        byte[] node = Message(1,
        [
            .. Text(1, "in"), .. Text(1, "ip.weight"), .. Text(1, "ip.bias"), .. Text(2, "ip"), .. Text(3, "ip/Gemm"),
            .. Text(4, "Gemm"), .. transB,
        ]);
        byte[] weight = Message(5,
        [
            .. Number(1, 1), .. Number(1, 2), .. Number(2, 1), .. Text(8, "ip.weight"), .. Message(9, Floats(w0, w1)),
        ]);
        byte[] bias = Message(5, [.. Number(1, 1), .. Number(2, 1), .. Text(8, "ip.bias"), .. Message(9, Floats(b))]);
        byte[] graph = Message(7,
            [.. node, .. Text(2, "n"), .. weight, .. bias, .. Value(11, "in", 1, 2), .. Value(12, "ip", 1, 1)]);
        byte[] expected =
        [
            .. Number(1, 8), .. Text(2, "CaffeActors"),
            .. Text(3, typeof(OnnxFile).Assembly.GetName().Version!.ToString(3)), .. graph,
            .. Message(8, [.. Text(1, ""), .. Number(2, 17)]),
            .. Message(14, [.. Text(1, "phase"), .. Text(2, "TEST")]),
        ];
        Assert.Equal(expected, File.ReadAllBytes(folder.At("n.onnx")));
        Assert.Equal(["in (1, 2)"], summary.Inputs);
        Assert.Equal(["ip (1, 1)"], summary.Outputs);
        Assert.Equal(1, summary.Nodes);
    }

    [Fact]
    public void Batch_CanBeLeftOpen()
    {
        using var net = new ExportedNet(Digits);
        ModelProto model = net.Export(new OnnxOptions { DynamicBatch = true });
        Assert.Equal(["batch", "", "", ""],
            model.Graph.Input[0].Type.TensorType.Shape.Dim.Select(length => length.DimParam));
        Assert.Equal("batch", model.Graph.Output[0].Type.TensorType.Shape.Dim[0].DimParam);
        foreach (int items in (int[])[1, 2, 5])
        {
            net.Net.Blob("data").Reshape(items, 1, 12, 12);
            LayerHarness.FillRandom(net.Net.Blob("data").MutableData, items);
            net.Net.Reshape();
            Assert.Equal(["prob"], net.RunBoth(model));
        }
    }

    [Fact]
    public void Batch_CanBeSet()
    {
        using var net = new ExportedNet(Digits);
        ModelProto model = net.Export(new OnnxOptions { Batch = 7 });
        Assert.Equal(7, model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue);
        Assert.Equal(["prob"], net.RunBoth(model));
    }

    [Fact]
    public void LayersInPlace_MakeValuesOfTheirOwn()
    {
        using var net = new ExportedNet(Digits);
        ModelProto model = net.Export();
        Assert.Equal(
            ["conv", "conv/norm", "scale/Mul", "conv/scale", "conv/relu", "pool"],
            model.Graph.Node.Take(6).Select(node => node.Output[0]));
        Assert.Equal(model.Graph.Node.SelectMany(node => node.Output).Distinct().Count(),
            model.Graph.Node.Sum(node => node.Output.Count));
        Assert.Equal(
            ["conv.weight", "conv.bias", "norm.mean", "norm.variance", "norm.scale", "norm.bias", "scale.scale",
                "scale.bias", "left.weight", "left.bias", "right/shape"],
            model.Graph.Initializer.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Output_MadeInPlace_HasItsName()
    {
        using var net = new ExportedNet(Small + """

            layer { name: 'relu' type: 'ReLU' bottom: 'ip' top: 'ip' }
            layer { name: 'sig' type: 'Sigmoid' bottom: 'ip' top: 'ip' }
            layer { name: 'drop' type: 'Dropout' bottom: 'ip' top: 'ip' }
            """);
        ModelProto model = net.Export();
        Assert.Equal(["ip"], net.RunBoth(model));
        Assert.Equal(["ip/ip", "ip/relu", "ip"], model.Graph.Node.Select(node => node.Output[0]));
    }

    [Fact]
    public void SharedWeights_AreWrittenOnce()
    {
        using var net = new ExportedNet("""
            layer { name: 'in' type: 'Input' top: 'a' top: 'b' input_param { shape { dim: 2 dim: 4 } } }
            layer { name: 'one' type: 'InnerProduct' bottom: 'a' top: 'one' param { name: 'w' } param { name: 'b' }
              inner_product_param { num_output: 3 } }
            layer { name: 'two' type: 'InnerProduct' bottom: 'b' top: 'two' param { name: 'w' } param { name: 'b' }
              inner_product_param { num_output: 3 } }
            """);
        ModelProto model = net.Export();
        Assert.Equal(["one.weight", "one.bias"], model.Graph.Initializer.Select(tensor => tensor.Name));
        Assert.Equal(["one", "two"], net.RunBoth(model).Order());
    }

    [Fact]
    public void DataLayers_AreInputs()
    {
        using var net = new ExportedNet("""
            layer { name: 'data' type: 'MemoryData' top: 'data' top: 'label'
              memory_data_param { batch_size: 2 channels: 1 height: 3 width: 4 } }
            layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' inner_product_param { num_output: 3 } }
            layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }
            """);
        ModelProto model = net.Export();
        Assert.Equal(["data"], model.Graph.Input.Select(input => input.Name));
        Assert.Equal([2L, 1, 3, 4], model.Graph.Input[0].Type.TensorType.Shape.Dim.Select(length => length.DimValue));
        Assert.Equal(["ip"], model.Graph.Output.Select(output => output.Name));
    }

    [Fact]
    public void RandomDummyData_AreInputs()
    {
        using var net = new ExportedNet("""
            layer { name: 'noise' type: 'DummyData' top: 'noise' dummy_data_param { shape { dim: 2 dim: 3 }
              data_filler { type: 'gaussian' } } }
            layer { name: 'abs' type: 'AbsVal' bottom: 'noise' top: 'abs' }
            """);
        Assert.Equal(["noise"], net.Export().Graph.Input.Select(input => input.Name));
    }

    [Fact]
    public void Metadata_TellsHowDataArePrepared()
    {
        NetParameter net = TextFormat.Parse<NetParameter>("""
            state { phase: TEST }
            layer { name: 'a' type: 'Data' top: 'a' include { phase: TRAIN } transform_param { scale: 9 } }
            layer { name: 'b' type: 'Data' top: 'a' include { phase: TEST }
              transform_param { scale: 0.5 mean_value: 104 mean_value: 117.5 crop_size: 227 mirror: true } }
            """);
        Assert.Equal(
            ["crop_size=227", "mean_file=", "mean_value=104,117.5", "phase=TEST", "scale=0.5"],
            NetMetadata.Of(net).Select(fact => $"{fact.Key}={fact.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(12, "version 12 of ONNX's operators cannot be written; give 13 to 21")]
    [InlineData(22, "version 22 of ONNX's operators cannot be written")]
    public void Opset_OutOfRange_IsRefused(int opset, string why) =>
        AssertRefused(Small, new OnnxOptions { Opset = opset }, why);

    [Fact]
    public void OpenBatch_ThatTheNetFixes_IsRefused()
    {
        using var net = new ExportedNet("""
            layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 2 dim: 3 } } }
            layer { name: 'one' type: 'DummyData' top: 'one' dummy_data_param { shape { dim: 2 dim: 3 } } }
            layer { name: 'sum' type: 'Eltwise' bottom: 'in' bottom: 'one' top: 'sum' }
            """);
        CaffeException failure =
            Assert.Throws<CaffeException>(() => net.Export(new OnnxOptions { DynamicBatch = true }));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains("cannot be exported with an open batch: layer 'sum'", failure.Message);
    }

    [Fact]
    public void AxisOfTheBatch_ThatIsWorkedAlong_IsRefused() => AssertRefused(
        "layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 2 dim: 3 } } }\n"
        + "layer { name: 'first' type: 'ArgMax' bottom: 'in' top: 'out' argmax_param { axis: 0 } }",
        new OnnxOptions { DynamicBatch = true },
        "layer 'first' (ArgMax) cannot be written as ONNX: it works along axis 0");

    [Fact]
    public void ReaderOfALoss_IsRefused() => AssertRefused(
        Small + "\nlayer { name: 'loss' type: 'EuclideanLoss' bottom: 'ip' bottom: 'ip' top: 'loss' }\n"
        + "layer { name: 'root' type: 'Power' bottom: 'loss' top: 'root' power_param { power: 0.5 } }",
        new OnnxOptions(), "layer 'root' (Power) cannot be written as ONNX: it reads 'loss', but layer 'loss' "
        + "(EuclideanLoss), which makes it, is left out");

    [Fact]
    public void NetOfLossesAlone_IsRefused() => AssertRefused(
        "layer { name: 'in' type: 'Input' top: 'a' top: 'b' input_param { shape { dim: 2 dim: 3 } } }\n"
        + "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'loss' }",
        new OnnxOptions(), "nothing is left to export");

    [Fact]
    public void TooManyWeights_AreRefused()
    {
        using var net = new ExportedNet(Small);
        CaffeException failure =
            Assert.Throws<CaffeException>(() => OnnxFile.Build(net.Net, new OnnxOptions(), mostBytes: 11));
        Assert.Equal(ErrorCodes.NotExportable, failure.Code);
        Assert.Contains("has 12 bytes of weights, and an ONNX file holds 11 at most", failure.Message);
    }

    private static void AssertRefused(string prototxt, OnnxOptions options, string why)
    {
        using var net = new ExportedNet(prototxt);
        CaffeException failure = Assert.Throws<CaffeException>(() => net.Export(options));
        Assert.Equal((ErrorCodes.NotExportable, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains(why, failure.Message);
    }

    // A protobuf message by hand: a key (number << 3 | kind), then a whole number, or a length and bytes.
    private static byte[] Message(int field, params byte[] content) =>
        [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)content.Length), .. content];

    private static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Number(int field, ulong value) => [.. Varint((ulong)field << 3), .. Varint(value)];

    private static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static byte[] Floats(params float[] values)
    {
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }

    private static byte[] Value(int field, string name, params ulong[] shape)
    {
        byte[] dims = [.. shape.SelectMany(length => Message(1, Number(1, length)))];
        byte[] tensor = Message(1, [.. Number(1, 1), .. Message(2, dims)]);
        return Message(field, [.. Text(1, name), .. Message(2, tensor)]);
    }
}
