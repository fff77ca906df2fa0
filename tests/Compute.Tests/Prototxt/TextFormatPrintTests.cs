using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Prototxt;

public sealed class TextFormatPrintTests
{
    [Fact]
    public void Print_GoesByFieldNumberAndIndentsByTwo()
    {
        var net = new NetParameter
        {
            Name = "n",
            Input = { "a", "b" },
            State = new NetState { Phase = Phase.Test, Stage = { "x" } },
            Layer = { new LayerParameter { Type = "ReLU", ReluParam = new ReLUParameter() } },
            Layers = { new V1LayerParameter { Type = V1LayerParameter.Types.LayerType.Relu } },
        };
        Assert.Equal(
            """
            name: "n"
            layers {
              type: RELU
            }
            input: "a"
            input: "b"
            state {
              phase: TEST
              stage: "x"
            }
            layer {
              type: "ReLU"
              relu_param {
              }
            }

            """.ReplaceLineEndings("\n"),
            TextFormat.Print(net));
    }

    [Fact]
    public void Print_OfAnEmptyMessageIsEmpty() => Assert.Equal("", TextFormat.Print(new NetParameter()));

    [Fact]
    public void Print_ShowsSetDefaults() => Assert.Equal("level: 0\n", TextFormat.Print(new NetState { Level = 0 }));

    [Fact]
    public void Print_EscapesStrings() =>
        Assert.Equal(
            "name: \"\\n\\r\\t\\\"\\'\\\\ ? \\000\\177\\303\\251\"\n",
            TextFormat.Print(new NetParameter { Name = "\n\r\t\"'\\ ? \0\u007fé" }));

    [Fact]
    public void Print_EscapesBytes() =>
        Assert.Equal(
            "data: \"\\000\\377a\"\n",
            TextFormat.Print(new Datum { Data = ByteString.CopyFrom(0, 255, (byte)'a') }));

    [Theory]
    [InlineData(0f, "0")]
    [InlineData(-0f, "-0")]
    [InlineData(0.1f, "0.1")]
    [InlineData(0.3f, "0.3")]
    [InlineData(1e-8f, "1e-08")]
    [InlineData(1e-5f, "1e-05")]
    [InlineData(0.0001f, "0.0001")]
    [InlineData(100000f, "100000")]
    [InlineData(1e10f, "1e+10")]
    [InlineData(16777216f, "16777216")]
    [InlineData(0.12345678f, "0.123456784")]
    [InlineData(0.0001220703125f, "0.000122070312")]
    [InlineData(float.MaxValue, "3.40282347e+38")]
    [InlineData(float.Epsilon, "1.40129846e-45")]
    [InlineData(float.NaN, "nan")]
    [InlineData(float.PositiveInfinity, "inf")]
    [InlineData(float.NegativeInfinity, "-inf")]
    public void Print_WritesFloatsAsProtobufDoes(float value, string expected) =>
        Assert.Equal($"value: {expected}\n", TextFormat.Print(new FillerParameter { Value = value }));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1e300, "1e+300")]
    [InlineData(0.30000000000000004, "0.30000000000000004")]
    [InlineData(5e-324, "4.94065645841247e-324")]
    [InlineData(double.NegativeInfinity, "-inf")]
    [InlineData(double.NaN, "nan")]
    public void Print_WritesDoublesAsProtobufDoes(double value, string expected) =>
        Assert.Equal($"double_data: {expected}\n", TextFormat.Print(new BlobProto { DoubleData = { value } }));
}
