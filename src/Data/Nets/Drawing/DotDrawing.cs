using System.Globalization;
using System.Text;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>Writes a picture in Graphviz' language.</summary>
public static class DotDrawing
{
    private static readonly Dictionary<LayerKind, string> _colours = new()
    {
        [LayerKind.Data] = "#d5eed8",
        [LayerKind.Convolution] = "#cfe2fb",
        [LayerKind.Weights] = "#dcd9fb",
        [LayerKind.Recurrent] = "#ecd6f7",
        [LayerKind.Pooling] = "#fbe9bf",
        [LayerKind.Activation] = "#fbd8e1",
        [LayerKind.Normalization] = "#c9eef0",
        [LayerKind.Loss] = "#fbcfc6",
        [LayerKind.Other] = "#e6e9ee",
    };

    /// <summary>Writes.</summary>
    /// <param name="picture">What.</param>
    /// <param name="direction">Which way it leads.</param>
    /// <returns>The text of a DOT file.</returns>
    public static string Draw(NetPicture picture, PictureDirection direction)
    {
        var dot = new StringBuilder();
        dot.Append(CultureInfo.InvariantCulture, $"digraph {Quoted(picture.Title)} {{\n")
            .Append(direction == PictureDirection.Down ? "  rankdir=TB;\n" : "  rankdir=LR;\n")
            .Append("  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n")
            .Append("  edge [fontname=\"Helvetica\", fontsize=10, color=\"#7b8494\"];\n");
        for (int i = 0; i < picture.Boxes.Count; i++)
        {
            IReadOnlyList<PictureLayer> layers = picture.Boxes[i].Layers;
            IEnumerable<string> lines = layers.Select(layer =>
                layer.Words.Length > 0 ? $"{layer.Name}: {layer.Type} {layer.Words}" : $"{layer.Name}: {layer.Type}");
            dot.Append(CultureInfo.InvariantCulture,
                $"  n{i} [label={Quoted(lines)}, fillcolor=\"{_colours[layers[0].Kind]}\"];\n");
        }

        foreach (PictureArrow arrow in picture.Arrows)
        {
            string[] lines = arrow.Shape.Length > 0 ? [arrow.Blob, arrow.Shape] : [arrow.Blob];
            dot.Append(CultureInfo.InvariantCulture, $"  n{arrow.From} -> n{arrow.To} [label={Quoted(lines)}];\n");
        }

        return dot.Append("}\n").ToString();
    }

    // A backslash and a quote are escaped; \n parts lines.
    private static string Quoted(params IEnumerable<string> lines) => $"\"{string.Join("\\n", lines.Select(line =>
        line.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)))}\"";
}
