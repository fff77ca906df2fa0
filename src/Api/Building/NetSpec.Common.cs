using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <content>The layers that combine, cut and shape. Parameters and formulas are in docs/layers.</content>
public sealed partial class NetSpec
{
    /// <summary>Fully connected. See docs/layers/InnerProduct.md.</summary>
    public SpecLayer InnerProduct(
        SpecTop bottom, Action<InnerProductParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("InnerProduct", [bottom], set, static message => message.InnerProductParam ??= new InnerProductParameter(),
            layer);

    /// <summary>Rows of a learnt table. See docs/layers/Embed.md.</summary>
    public SpecLayer Embed(
        SpecTop bottom, Action<EmbedParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Embed", [bottom], set, static message => message.EmbedParam ??= new EmbedParameter(), layer);

    /// <summary>A learnt, or second, blob added. See docs/layers/Bias.md.</summary>
    public SpecLayer Bias(
        IReadOnlyList<SpecTop> bottoms, Action<BiasParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Bias", bottoms, set, static message => message.BiasParam ??= new BiasParameter(),
            layer, inPlace: inPlace);

    /// <summary>Times a learnt, or second, blob. See docs/layers/Scale.md.</summary>
    public SpecLayer Scale(
        IReadOnlyList<SpecTop> bottoms, Action<ScaleParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Scale", bottoms, set, static message => message.ScaleParam ??= new ScaleParameter(),
            layer, inPlace: inPlace);

    /// <summary>Sum, product or maximum. See docs/layers/Eltwise.md.</summary>
    public SpecLayer Eltwise(
        IReadOnlyList<SpecTop> bottoms, Action<EltwiseParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Eltwise", bottoms, set, static message => message.EltwiseParam ??= new EltwiseParameter(), layer);

    /// <summary>Bottoms one after the other. See docs/layers/Concat.md.</summary>
    public SpecLayer Concat(
        IReadOnlyList<SpecTop> bottoms, Action<ConcatParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Concat", bottoms, set, static message => message.ConcatParam ??= new ConcatParameter(), layer);

    /// <summary>A bottom in pieces. See docs/layers/Slice.md.</summary>
    public SpecLayer Slice(
        SpecTop bottom, Action<SliceParameter>? set = null, Action<LayerParameter>? layer = null, int tops = 2) =>
        Make("Slice", [bottom], set, static message => message.SliceParam ??= new SliceParameter(), layer, tops);

    /// <summary>Axes made one. See docs/layers/Flatten.md.</summary>
    public SpecLayer Flatten(
        SpecTop bottom, Action<FlattenParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Flatten", [bottom], set, static message => message.FlattenParam ??= new FlattenParameter(), layer);

    /// <summary>Another shape. See docs/layers/Reshape.md.</summary>
    public SpecLayer Reshape(
        SpecTop bottom, Action<ReshapeParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Reshape", [bottom], set, static message => message.ReshapeParam ??= new ReshapeParameter(), layer);

    /// <summary>Sums or means of axes. See docs/layers/Reduction.md.</summary>
    public SpecLayer Reduction(
        SpecTop bottom, Action<ReductionParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Reduction", [bottom], set, static message => message.ReductionParam ??= new ReductionParameter(), layer);

    /// <summary>Copies along an axis. See docs/layers/Tile.md.</summary>
    public SpecLayer Tile(SpecTop bottom, Action<TileParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Tile", [bottom], set, static message => message.TileParam ??= new TileParameter(), layer);

    /// <summary>Places of the greatest values. See docs/layers/ArgMax.md.</summary>
    public SpecLayer ArgMax(
        SpecTop bottom, Action<ArgMaxParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("ArgMax", [bottom], set, static message => message.ArgmaxParam ??= new ArgMaxParameter(), layer);

    /// <summary>Items of the first bottom chosen by the second. See docs/layers/BatchReindex.md.</summary>
    public SpecLayer BatchReindex(IReadOnlyList<SpecTop> bottoms, Action<LayerParameter>? layer = null) =>
        Layer("BatchReindex", bottoms, layer);

    /// <summary>Items that the last bottom selects. See docs/layers/Filter.md.</summary>
    public SpecLayer Filter(IReadOnlyList<SpecTop> bottoms, Action<LayerParameter>? layer = null, int tops = 1) =>
        Layer("Filter", bottoms, layer, tops);

    /// <summary>Swallows blobs. See docs/layers/Silence.md.</summary>
    public SpecLayer Silence(IReadOnlyList<SpecTop> bottoms, Action<LayerParameter>? layer = null) =>
        Layer("Silence", bottoms, layer, 0);

    // Parameters of the type, then the rest of the layer.
    private SpecLayer Make<TParameter>(
        string type, IReadOnlyList<SpecTop> bottoms, Action<TParameter>? set,
        Func<LayerParameter, TParameter> parameterOf, Action<LayerParameter>? layer, int tops = 1,
        bool inPlace = false) =>
        Layer(type, bottoms, message =>
        {
            set?.Invoke(parameterOf(message));
            layer?.Invoke(message);
        }, tops, inPlace);
}
