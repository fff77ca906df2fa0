using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt;

/// <summary>All that is wrong with a text at once, and what is left of it.</summary>
public sealed class TextFormatProblemsTests
{
    private readonly List<TextProblem> _problems = [];

    private NetParameter? Read(string text) => TextFormat.Parse<NetParameter>(text, "n", _problems.Add);

    private string[] Told => [.. _problems.Select(problem => $"{problem.Failure.Place}: {problem.Failure.Code}")];

    [Fact]
    public void TextWithoutFaults_IsReadWhole()
    {
        const string Text = "name: 'a' layer { name: 'b' loss_weight: [1, 2] }";
        Assert.Equal(TextFormat.Parse<NetParameter>(Text), Read(Text));
        Assert.Empty(_problems);
    }

    [Fact]
    public void FieldsAtFault_AreLeftOutAndToldOf()
    {
        NetParameter net = Read("""
            nam: 'a'
            name: 'b'
            layer {
              name: "c" tipe: 'd'
              unknown { x: [1, {y: "}" '}'}] z < w: -1 > }
              relu_param { negative_slope: steep engine: CAFFE }
              loss_weight: [1, many, 3]
              top: "t"
            }
            name: 'e'
            layer { name: "f" convolution_param { num_output: -5 } }
            """)!;
        Assert.Equal(
            [
                "n(1,1): CFA1102", "n(4,13): CFA1102", "n(5,3): CFA1102", "n(6,32): CFA1103", "n(7,20): CFA1103",
                "n(10,1): CFA1103", "n(11,51): CFA1103",
            ],
            Told);
        Assert.Equal(
            [null, 3, 3, 3, 3, null, 11], _problems.Select(problem => problem.Within?.Line));
        Assert.Equal("b", net.Name);
        Assert.Equal(["c", "f"], net.Layer.Select(layer => layer.Name));
        Assert.Equal(ReLUParameter.Types.Engine.Caffe, net.Layer[0].ReluParam.Engine);
        Assert.False(net.Layer[0].ReluParam.HasNegativeSlope);
        Assert.Equal("t", Assert.Single(net.Layer[0].Top));
        Assert.False(net.Layer[1].ConvolutionParam.HasNumOutput);
        Assert.Equal(11, SourcePlaces.Of(net.Layer[1])!.Value.Line);
    }

    [Fact]
    public void ItemsBehindOneAtFault_AreRead()
    {
        NetParameter net = Read("input: 5\ninput: 'a'\nlayer: 1\nlayer { name: 'b' }")!;
        Assert.Equal(["n(1,8): CFA1103", "n(3,8): CFA1103"], Told);
        Assert.Equal("a", Assert.Single(net.Input));
        Assert.Equal(2, SourcePlaces.OfField(net, "input")!.Value.Line);
        Assert.Equal("b", Assert.Single(net.Layer).Name);
    }

    [Theory]
    // With a brace missing all that follows would be misread.
    [InlineData("nam: 1\nlayer {\n  relu_param {\n}\nlayer { x: 1 }", "n(1,1): CFA1102", "n(5,1): CFA1102")]
    [InlineData("nam: 1\nlayer { name: 'x", "n(1,1): CFA1102", "n(2,15): CFA1101")]
    [InlineData("nam: 1\nlayer { x }", "n(1,1): CFA1102", "n(2,9): CFA1102", "n(2,9): CFA1101")]
    [InlineData("x { y", "n(1,1): CFA1102", "n(1,1): CFA1101")]
    [InlineData("x [", "n(1,1): CFA1102", "n(1,1): CFA1101")]
    public void TextThatCannotBeFollowed_EndsTheReading(string text, params string[] told)
    {
        Assert.Null(Read(text));
        Assert.Equal(told, Told);
    }
}
