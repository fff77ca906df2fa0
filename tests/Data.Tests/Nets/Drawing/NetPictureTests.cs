using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets.Drawing;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Data.Tests.Nets.Drawing;

public sealed class NetPictureTests
{
    private static NetPicture Of(string text) => NetPicture.Of(
        TextFormat.Parse<NetParameter>(text), blob => blob == "x" ? [2, 3] : null,
        layer => LayerKinds.Of(LayerPlugIns.BuiltIn, layer));

    private static string[] Arrows(NetPicture picture) =>
        [.. picture.Arrows.Select(arrow => $"{arrow.From}-{arrow.To} {arrow.Blob} {arrow.Shape}".TrimEnd())];

    [Fact]
    public void LayersInPlace_StandInTheBoxBefore()
    {
        NetPicture picture = Of("""
            name: "n" state { phase: TRAIN }
            layer { name: "in" type: "Input" top: "x" }
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 5 } }
            layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
            layer { name: "drop" type: "Dropout" bottom: "y" top: "y" dropout_param { dropout_ratio: 0.5 } }
            layer { name: "out" type: "Softmax" bottom: "y" top: "z" }
            """);
        Assert.Equal("n, phase TRAIN", picture.Title);
        Assert.Equal(["in", "ip relu drop", "out"], picture.Boxes.Select(box =>
            string.Join(' ', box.Layers.Select(layer => layer.Name))));
        Assert.Equal(["0-1 x 2×3", "1-2 y"], Arrows(picture));
        Assert.Equal("5", picture.Boxes[1].Layers[0].Words);
        Assert.Equal("ratio 0.5", picture.Boxes[1].Layers[2].Words);
    }

    [Fact]
    public void LayerInPlaceOnWhatOthersHaveRead_HasABoxOfItsOwn()
    {
        NetPicture picture = Of("""
            layer { name: "in" type: "Input" top: "x" }
            layer { name: "early" type: "TanH" bottom: "x" top: "e" }
            layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
            layer { name: "late" type: "Eltwise" bottom: "x" bottom: "e" bottom: "x" top: "l" }
            """);
        Assert.Equal(4, picture.Boxes.Count);
        Assert.Equal(["0-1 x 2×3", "0-2 x 2×3", "2-3 x 2×3", "1-3 e"], Arrows(picture));
    }

    [Fact]
    public void Kinds_AreTheFamiliesOfTheLayers()
    {
        NetPicture picture = Of("""
            layer { name: "d" type: "Data" top: "x" top: "l" data_param { batch_size: 4 } }
            layer { name: "c" type: "Convolution" bottom: "x" top: "c"
              convolution_param { num_output: 20 kernel_size: 5 stride: 2 pad: 0 pad: 1 } }
            layer { name: "n" type: "LRN" bottom: "c" top: "n" lrn_param { local_size: 3 } }
            layer { name: "p" type: "Pooling" bottom: "n" top: "p" pooling_param { pool: MAX kernel_h: 3 kernel_w: 2 } }
            layer { name: "i" type: "InnerProduct" bottom: "p" top: "i" inner_product_param { num_output: 9 } }
            layer { name: "a" type: "TanH" bottom: "i" top: "a" }
            layer { name: "r" type: "LSTM" bottom: "a" bottom: "l" top: "r" }
            layer { name: "f" type: "Flatten" bottom: "r" top: "f" }
            layer { name: "s" type: "SoftmaxWithLoss" bottom: "f" bottom: "l" top: "s" }
            layer { name: "u" type: "Unheard" bottom: "s" top: "u" }
            """);
        Assert.Equal(
            [
                LayerKind.Data, LayerKind.Convolution, LayerKind.Normalization, LayerKind.Pooling, LayerKind.Weights,
                LayerKind.Activation, LayerKind.Recurrent, LayerKind.Other, LayerKind.Loss, LayerKind.Other,
            ],
            picture.Boxes.Select(box => box.Layers[0].Kind));
        Assert.Equal("batch 4", picture.Boxes[0].Layers[0].Words);
        Assert.Equal("20, 5×5, /2, pad 0×1", picture.Boxes[1].Layers[0].Words);
        Assert.Equal("MAX, 3×2", picture.Boxes[3].Layers[0].Words);
    }

    [Theory]
    [InlineData(PictureDirection.Down, "TB")]
    [InlineData(PictureDirection.Right, "LR")]
    public void Dot_NamesBoxesAndShapes(PictureDirection direction, string rankdir)
    {
        string dot = DotDrawing.Draw(Of("""
            name: "a\"b" layer { name: "in" type: "Input" top: "x" }
            layer { name: "c\\d" type: "TanH" bottom: "x" top: "y" }
            """), direction);
        Assert.StartsWith("digraph \"a\\\"b, phase TEST\" {\n", dot, StringComparison.Ordinal);
        Assert.Contains($"rankdir={rankdir};", dot, StringComparison.Ordinal);
        Assert.Contains("n1 [label=\"c\\\\d: TanH\", fillcolor=\"#fbd8e1\"];", dot, StringComparison.Ordinal);
        Assert.Contains("n0 -> n1 [label=\"x\\n2×3\"];", dot, StringComparison.Ordinal);
    }
}
