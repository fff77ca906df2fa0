using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Prototxt;

public sealed class TextFormatParseTests
{
    [Theory]
    [InlineData("name: 'a'")]
    [InlineData("name : \"a\"")]
    [InlineData("name:\"a\",")]
    [InlineData("name: 'a';")]
    [InlineData("\uFEFFname: 'a'")]
    [InlineData("# first\r\n\tname:\v\f'a' # last")]
    [InlineData("name: \"\" 'a' \n# between\n \"\"")]
    public void Parse_TakesAFieldInAnyOfItsForms(string text) =>
        Assert.Equal("a", TextFormat.Parse<NetParameter>(text).Name);

    [Theory]
    [InlineData("state { level: 3 }")]
    [InlineData("state: { level: 3 }")]
    [InlineData("state < level: 3 >")]
    [InlineData("state:<level:3;>;")]
    public void Parse_TakesAMessageInAnyOfItsForms(string text) =>
        Assert.Equal(3, TextFormat.Parse<NetParameter>(text).State.Level);

    [Theory]
    [InlineData("dim: 1 dim: 2 dim: 3")]
    [InlineData("dim: [1, 2, 3]")]
    [InlineData("dim: [1] dim: [] dim: [2,3],")]
    public void Parse_TakesListsOfNumbers(string text) =>
        Assert.Equal([1L, 2, 3], TextFormat.Parse<BlobShape>(text).Dim);

    [Theory]
    [InlineData("layer [{ name: 'a' }, < name: 'b' >]")]
    [InlineData("layer: [{ name: 'a' }] layer { name: 'b' }")]
    public void Parse_TakesListsOfMessages(string text) =>
        Assert.Equal(["a", "b"], TextFormat.Parse<NetParameter>(text).Layer.Select(layer => layer.Name));

    [Theory]
    [InlineData("\\a\\b\\f\\n\\r\\t\\v", "\a\b\f\n\r\t\v")]
    [InlineData("\\\\\\?\\'\\\"", "\\?'\"")]
    [InlineData("\\101\\1018\\7", "AA8\a")]
    [InlineData("\\x41\\X4a\\x414", "AJA4")]
    [InlineData("\\303\\251", "é")]
    [InlineData("\\u00e9\\u20AC", "é€")]
    [InlineData("\\U0001F600\\ud83d\\uDE00", "\U0001F600\U0001F600")]
    [InlineData("é€\U0001F600", "é€\U0001F600")]
    public void Parse_ResolvesEscapes(string inside, string expected) =>
        Assert.Equal(expected, TextFormat.Parse<NetParameter>($"name: \"{inside}\"").Name);

    [Fact]
    public void Parse_KeepsBytesAsTheyAre() =>
        Assert.Equal(
            ByteString.CopyFrom(0, 255, 0xC3, 0xA9, (byte)'\''),
            TextFormat.Parse<Datum>("data: '\\000\\377é' \"'\"").Data);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("- 5", -5)]
    [InlineData("0x7FFFFFFF", int.MaxValue)]
    [InlineData("-0x80000000", int.MinValue)]
    [InlineData("-017", -15)]
    [InlineData("0X00000000000000000000001f", 31)]
    public void Parse_TakesWholeNumbers(string text, int expected) =>
        Assert.Equal(expected, TextFormat.Parse<FillerParameter>($"sparse: {text}").Sparse);

    [Fact]
    public void Parse_TakesTheWholeRangeOfEachType()
    {
        Assert.Equal(uint.MaxValue, TextFormat.Parse<ConvolutionParameter>("num_output: 4294967295").NumOutput);
        Assert.Equal(long.MaxValue, TextFormat.Parse<BlobShape>("dim: 9223372036854775807").Dim[0]);
        Assert.Equal(long.MinValue, TextFormat.Parse<BlobShape>("dim: -9223372036854775808").Dim[0]);
        Assert.Equal(long.MaxValue, TextFormat.Parse<BlobShape>("dim: 0777777777777777777777").Dim[0]);
    }

    [Theory]
    [InlineData("1", 1f)]
    [InlineData("1f", 1f)]
    [InlineData("-.5F", -0.5f)]
    [InlineData("5.", 5f)]
    [InlineData("1.e-3f", 0.001f)]
    [InlineData("- 2.5E+10", -2.5e10f)]
    [InlineData("99999999999999999999999", 1e23f)]
    [InlineData("1e39", float.PositiveInfinity)]
    [InlineData("1e400", float.PositiveInfinity)]
    [InlineData("1e-400", 0f)]
    [InlineData("INF", float.PositiveInfinity)]
    [InlineData("-Infinity", float.NegativeInfinity)]
    [InlineData("NaN", float.NaN)]
    [InlineData("-nan", float.NaN)]
    public void Parse_TakesFloats(string text, float expected) =>
        Assert.Equal(expected, TextFormat.Parse<FillerParameter>($"value: {text}").Value);

    [Fact]
    public void Parse_KeepsNegativeZero() =>
        Assert.True(float.IsNegative(TextFormat.Parse<FillerParameter>("value: -0").Value));

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("t", true)]
    [InlineData("1", true)]
    [InlineData("0x1", true)]
    [InlineData("false", false)]
    [InlineData("False", false)]
    [InlineData("f", false)]
    [InlineData("00", false)]
    public void Parse_TakesBools(string text, bool expected) =>
        Assert.Equal(expected, TextFormat.Parse<NetParameter>($"force_backward: {text}").ForceBackward);

    [Theory]
    [InlineData("AVE")]
    [InlineData("1")]
    [InlineData("0x1")]
    public void Parse_TakesEnumsByNameAndNumber(string text) =>
        Assert.Equal(PoolingParameter.Types.PoolMethod.Ave, TextFormat.Parse<PoolingParameter>($"pool: {text}").Pool);

    [Fact]
    public void Parse_OfNothingIsAnEmptyMessage() =>
        Assert.Equal(new NetParameter(), TextFormat.Parse<NetParameter>(" # only\n"));

    [Fact]
    public void Parse_SetsPresenceOfDefaults()
    {
        ConvolutionParameter parsed = TextFormat.Parse<ConvolutionParameter>("bias_term: true weight_filler {}");
        Assert.True(parsed.HasBiasTerm);
        Assert.NotNull(parsed.WeightFiller);
        Assert.Null(parsed.BiasFiller);
        Assert.False(parsed.HasGroup);
    }

    [Fact]
    public void MergeInto_ReplacesSingleValuesMergesMessagesAndAddsItems()
    {
        NetParameter net = TextFormat.Parse<NetParameter>("name: 'old' state { level: 1 stage: 'a' } input: 'x'");
        TextFormat.MergeInto(net, "name: 'new' state { phase: TEST stage: 'b' } input: 'y'");
        Assert.Equal(
            TextFormat.Parse<NetParameter>(
                "name: 'new' state { phase: TEST level: 1 stage: ['a', 'b'] } input: ['x', 'y']"),
            net);
    }

    [Fact]
    public void MergeInto_CanReplaceItems()
    {
        LayerParameter layer = TextFormat.Parse<LayerParameter>(
            "bottom: 'a' param { name: 'w' } convolution_param { kernel_size: 5 kernel_size: 3 pad: 1 }");
        TextFormat.MergeInto(
            layer,
            "param { lr_mult: 0 } param { lr_mult: 2 } convolution_param { kernel_size: 7 pad: [] }",
            replaceRepeated: true);
        Assert.Equal(
            TextFormat.Parse<LayerParameter>(
                "bottom: 'a' param { lr_mult: 0 } param { lr_mult: 2 } convolution_param { kernel_size: 7 }"),
            layer);
    }

    [Fact]
    public void Parse_OfThousandsOfLayersKeepsEach()
    {
        string text = string.Concat(
            Enumerable.Range(0, 5000).Select(i => $"layer {{\n  name: \"l{i}\"\n  type: \"ReLU\"\n}}\n"));
        NetParameter net = TextFormat.Parse<NetParameter>(text, "big.prototxt");
        Assert.Equal(5000, net.Layer.Count);
        Assert.Equal("l4999", net.Layer[4999].Name);
        Assert.Equal((4 * 4999) + 1, SourcePlaces.Of(net.Layer[4999])!.Value.Line);
    }
}
