using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>
/// A net as a picture shows it: boxes, and arrows from a box to those that read its blobs. A layer that works in place,
/// and alone reads what it works on, stands in the box of the layer before it.
/// </summary>
/// <param name="Title">The net's name and phase.</param>
/// <param name="Boxes">The boxes, in the order of the net.</param>
/// <param name="Arrows">The arrows; each leads to a later box.</param>
public sealed record NetPicture(string Title, IReadOnlyList<PictureBox> Boxes, IReadOnlyList<PictureArrow> Arrows)
{
    /// <summary>Makes the picture of a net.</summary>
    /// <param name="net">The net, with the layers of its state only.</param>
    /// <param name="shapeOf">The shape of a blob; null where it is not known.</param>
    /// <param name="kindOf">What kind of layer one is, which decides its colour.</param>
    public static NetPicture Of(
        NetParameter net, Func<string, IReadOnlyList<int>?> shapeOf, Func<LayerParameter, LayerKind> kindOf)
    {
        List<List<PictureLayer>> boxes = [];
        List<PictureArrow> arrows = [];
        Dictionary<string, int> producers = [];
        for (int i = 0; i < net.Layer.Count; i++)
        {
            LayerParameter layer = net.Layer[i];
            var shown = new PictureLayer(layer.Name, layer.Type, LayerWords.Of(layer), kindOf(layer));
            if (IsInPlace(layer) && producers.TryGetValue(layer.Bottom[0], out int before)
                && !arrows.Exists(arrow => arrow.From == before && arrow.Blob == layer.Bottom[0]))
            {
                boxes[before].Add(shown);
                continue;
            }

            boxes.Add([shown]);
            foreach (string bottom in layer.Bottom.Distinct())
            {
                if (producers.TryGetValue(bottom, out int from))
                    arrows.Add(new PictureArrow(from, boxes.Count - 1, bottom, ShapeText(shapeOf(bottom))));
            }

            foreach (string top in layer.Top)
                producers[top] = boxes.Count - 1;
        }

        string phase = (net.State ?? new NetState()).Phase.ToString().ToUpperInvariant();
        string name = net.Name.Length > 0 ? net.Name : "net";
        return new NetPicture($"{name}, phase {phase}", [.. boxes.Select(layers => new PictureBox(layers))], arrows);
    }

    private static bool IsInPlace(LayerParameter layer) =>
        layer.Bottom.Count == 1 && layer.Top.Count == 1 && layer.Bottom[0] == layer.Top[0];

    private static string ShapeText(IReadOnlyList<int>? shape) => shape switch
    {
        null => "",
        [] => "1",
        _ => string.Join('×', shape),
    };
}
