using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt;

public sealed class SourcePlacesTests
{
    private const string Text = """
        name: "n"
        layer {
          name: "c"
          bottom: "a"  bottom: "b"
          convolution_param {
            kernel_size: [3, 5]
          }
        }
        input: ["x",
          "y"]
        layer [{},
          { name: "last" }]
        """;

    private static readonly NetParameter _net =
        TextFormat.Parse<NetParameter>(Text.ReplaceLineEndings("\r\n"), "n.prototxt");

    [Fact]
    public void Of_GivesThePlaceOfEveryMessage()
    {
        Assert.Equal(At(1, 1), SourcePlaces.Of(_net));
        Assert.Equal(At(2, 1), SourcePlaces.Of(_net.Layer[0]));
        Assert.Equal(At(5, 3), SourcePlaces.Of(_net.Layer[0].ConvolutionParam));
        Assert.Equal(At(11, 8), SourcePlaces.Of(_net.Layer[1]));
        Assert.Equal(At(12, 3), SourcePlaces.Of(_net.Layer[2]));
    }

    [Fact]
    public void OfField_GivesTheFirstOccurrenceAndEveryString()
    {
        LayerParameter layer = _net.Layer[0];
        Assert.Equal(At(3, 3), SourcePlaces.OfField(layer, "name"));
        Assert.Equal(At(4, 3), SourcePlaces.OfField(layer, "bottom"));
        Assert.Equal(At(4, 16), SourcePlaces.OfField(layer, "bottom", 1));
        Assert.Equal(At(6, 19), SourcePlaces.OfField(layer.ConvolutionParam, "kernel_size", 0));
        Assert.Equal(At(6, 19), SourcePlaces.OfField(layer.ConvolutionParam, "kernel_size", 1));
        Assert.Equal(At(9, 9), SourcePlaces.OfField(_net, "input"));
        Assert.Equal(At(10, 3), SourcePlaces.OfField(_net, "input", 1));
        Assert.Equal(At(12, 3), SourcePlaces.OfField(_net, "layer", 2));
    }

    [Fact]
    public void OfField_FallsBackOnTheMessage()
    {
        Assert.Equal(At(2, 1), SourcePlaces.OfField(_net.Layer[0], "top"));
        Assert.Null(SourcePlaces.OfField(new LayerParameter(), "top"));
        Assert.Null(SourcePlaces.Of(new LayerParameter()));
    }

    [Fact]
    public void MergeInto_GivesFieldsTheirNewPlacesAndLeavesTheMessageItsOwn()
    {
        NetParameter net = TextFormat.Parse<NetParameter>("\nstate {\n level: 1\n}", "n.prototxt");
        TextFormat.MergeInto(net, "state { phase: TEST }", "o.hocon");
        Assert.Equal(At(2, 1), SourcePlaces.Of(net.State));
        Assert.Equal(At(3, 2), SourcePlaces.OfField(net.State, "level"));
        Assert.Equal(new SourcePlace("o.hocon", 1, 9), SourcePlaces.OfField(net.State, "phase"));
    }

    [Fact]
    public void CloneWithPlaces_KeepsThoseOfAllMessages()
    {
        NetParameter clone = _net.CloneWithPlaces();
        Assert.Equal(_net, clone);
        Assert.NotSame(_net.Layer[0], clone.Layer[0]);
        Assert.Equal(At(5, 3), SourcePlaces.Of(clone.Layer[0].ConvolutionParam));
        Assert.Equal(At(4, 16), SourcePlaces.OfField(clone.Layer[0], "bottom", 1));
        Assert.Null(SourcePlaces.Of(_net.Clone().Layer[0]));
    }

    [Fact]
    public void WithPlaceOf_GivesACopyThatCanBeChanged()
    {
        LayerParameter copy = new LayerParameter().WithPlaceOf(_net.Layer[0]);
        SourcePlaces.SetField(copy, "name", At(99, 1));
        SourcePlaces.Set(copy, At(98, 1));
        Assert.Equal(At(99, 1), SourcePlaces.OfField(copy, "name"));
        Assert.Equal(At(98, 1), SourcePlaces.Of(copy));
        Assert.Equal(At(3, 3), SourcePlaces.OfField(_net.Layer[0], "name"));
    }

    private static SourcePlace At(int line, int column) => new("n.prototxt", line, column);
}
