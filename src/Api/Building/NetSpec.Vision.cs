using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <content>The layers with windows. Parameters and formulas are in docs/layers.</content>
public sealed partial class NetSpec
{
    /// <summary>Convolution. See docs/layers/Convolution.md.</summary>
    public SpecLayer Convolution(
        SpecTop bottom, Action<ConvolutionParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Convolution", [bottom], set, static message => message.ConvolutionParam ??= new ConvolutionParameter(),
            layer);

    /// <summary>Transposed convolution. See docs/layers/Deconvolution.md.</summary>
    public SpecLayer Deconvolution(
        SpecTop bottom, Action<ConvolutionParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Deconvolution", [bottom], set, static message => message.ConvolutionParam ??= new ConvolutionParameter(),
            layer);

    /// <summary>Windows as columns. See docs/layers/Im2col.md.</summary>
    public SpecLayer Im2col(
        SpecTop bottom, Action<ConvolutionParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Im2col", [bottom], set, static message => message.ConvolutionParam ??= new ConvolutionParameter(), layer);

    /// <summary>Maximum or mean of windows. See docs/layers/Pooling.md.</summary>
    public SpecLayer Pooling(
        SpecTop bottom, Action<PoolingParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Pooling", [bottom], set, static message => message.PoolingParam ??= new PoolingParameter(), layer);

    /// <summary>Local response normalization. See docs/layers/LRN.md.</summary>
    public SpecLayer LRN(SpecTop bottom, Action<LRNParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("LRN", [bottom], set, static message => message.LrnParam ??= new LRNParameter(), layer);

    /// <summary>Spatial pyramid pooling. See docs/layers/SPP.md.</summary>
    public SpecLayer SPP(SpecTop bottom, Action<SPPParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("SPP", [bottom], set, static message => message.SppParam ??= new SPPParameter(), layer);

    /// <summary>The first bottom cut to the size of the second. See docs/layers/Crop.md.</summary>
    public SpecLayer Crop(
        IReadOnlyList<SpecTop> bottoms, Action<CropParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Crop", bottoms, set, static message => message.CropParam ??= new CropParameter(), layer);
}
