using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <summary>A layer of a <see cref="NetSpec"/>. Where a blob is wanted it stands for its first top.</summary>
public sealed class SpecLayer
{
    internal SpecLayer(LayerParameter parameter, IReadOnlyList<SpecTop> bottoms, int tops, bool inPlace)
    {
        Parameter = parameter;
        Bottoms = bottoms;
        InPlace = inPlace;
        Tops = [.. Enumerable.Range(0, tops).Select(i => new SpecTop(this, i))];
    }

    /// <summary>The layer's message; name, bottoms and tops are filled in when the net is made.</summary>
    public LayerParameter Parameter { get; }

    /// <summary>What it reads.</summary>
    public IReadOnlyList<SpecTop> Bottoms { get; }

    /// <summary>What it makes.</summary>
    public IReadOnlyList<SpecTop> Tops { get; }

    /// <summary>Whether its tops are its bottoms' blobs.</summary>
    public bool InPlace { get; }

    /// <summary>The first top.</summary>
    public SpecTop ToSpecTop() => Tops.Count > 0 ? Tops[0]
        : throw new InvalidOperationException($"A {Parameter.Type} layer has no top.");

    /// <summary>The first top.</summary>
    public static implicit operator SpecTop(SpecLayer layer) => layer.ToSpecTop();

    /// <summary>The two tops: <c>(n["data"], n["label"]) = n.Data(...)</c>.</summary>
    public void Deconstruct(out SpecTop first, out SpecTop second) => (first, second) = (Tops[0], Tops[1]);

    /// <summary>The three tops.</summary>
    public void Deconstruct(out SpecTop first, out SpecTop second, out SpecTop third) =>
        (first, second, third) = (Tops[0], Tops[1], Tops[2]);
}
