using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <content>The layers that work on each element. Parameters and formulas are in docs/layers.</content>
public sealed partial class NetSpec
{
    /// <summary>Absolute value. See docs/layers/AbsVal.md.</summary>
    public SpecLayer AbsVal(SpecTop bottom, Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Layer("AbsVal", [bottom], layer, inPlace: inPlace);

    /// <summary>log(1 + e^x). See docs/layers/BNLL.md.</summary>
    public SpecLayer BNLL(SpecTop bottom, Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Layer("BNLL", [bottom], layer, inPlace: inPlace);

    /// <summary>Values cut to a range. See docs/layers/Clip.md.</summary>
    public SpecLayer Clip(
        SpecTop bottom, Action<ClipParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Clip", [bottom], set, static message => message.ClipParam ??= new ClipParameter(),
            layer, inPlace: inPlace);

    /// <summary>Dropout. See docs/layers/Dropout.md.</summary>
    public SpecLayer Dropout(
        SpecTop bottom, Action<DropoutParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Dropout", [bottom], set, static message => message.DropoutParam ??= new DropoutParameter(),
            layer, inPlace: inPlace);

    /// <summary>Exponential linear unit. See docs/layers/ELU.md.</summary>
    public SpecLayer ELU(
        SpecTop bottom, Action<ELUParameter>? set = null, Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("ELU", [bottom], set, static message => message.EluParam ??= new ELUParameter(), layer, inPlace: inPlace);

    /// <summary>Power of a base. See docs/layers/Exp.md.</summary>
    public SpecLayer Exp(
        SpecTop bottom, Action<ExpParameter>? set = null, Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Exp", [bottom], set, static message => message.ExpParam ??= new ExpParameter(), layer, inPlace: inPlace);

    /// <summary>Logarithm. See docs/layers/Log.md.</summary>
    public SpecLayer Log(
        SpecTop bottom, Action<LogParameter>? set = null, Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Log", [bottom], set, static message => message.LogParam ??= new LogParameter(), layer, inPlace: inPlace);

    /// <summary>(shift + scale * x) ^ power. See docs/layers/Power.md.</summary>
    public SpecLayer Power(
        SpecTop bottom, Action<PowerParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Power", [bottom], set, static message => message.PowerParam ??= new PowerParameter(),
            layer, inPlace: inPlace);

    /// <summary>Rectifier with learnt slopes. See docs/layers/PReLU.md.</summary>
    public SpecLayer PReLU(
        SpecTop bottom, Action<PReLUParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("PReLU", [bottom], set, static message => message.PreluParam ??= new PReLUParameter(),
            layer, inPlace: inPlace);

    /// <summary>Rectifier. See docs/layers/ReLU.md.</summary>
    public SpecLayer ReLU(
        SpecTop bottom, Action<ReLUParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("ReLU", [bottom], set, static message => message.ReluParam ??= new ReLUParameter(),
            layer, inPlace: inPlace);

    /// <summary>Sigmoid. See docs/layers/Sigmoid.md.</summary>
    public SpecLayer Sigmoid(
        SpecTop bottom, Action<SigmoidParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Sigmoid", [bottom], set, static message => message.SigmoidParam ??= new SigmoidParameter(),
            layer, inPlace: inPlace);

    /// <summary>Softmax. See docs/layers/Softmax.md.</summary>
    public SpecLayer Softmax(
        SpecTop bottom, Action<SoftmaxParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Softmax", [bottom], set, static message => message.SoftmaxParam ??= new SoftmaxParameter(),
            layer, inPlace: inPlace);

    /// <summary>x times its sigmoid. See docs/layers/Swish.md.</summary>
    public SpecLayer Swish(
        SpecTop bottom, Action<SwishParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("Swish", [bottom], set, static message => message.SwishParam ??= new SwishParameter(),
            layer, inPlace: inPlace);

    /// <summary>Hyperbolic tangent. See docs/layers/TanH.md.</summary>
    public SpecLayer TanH(
        SpecTop bottom, Action<TanHParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("TanH", [bottom], set, static message => message.TanhParam ??= new TanHParameter(),
            layer, inPlace: inPlace);

    /// <summary>1 above a threshold, else 0. See docs/layers/Threshold.md.</summary>
    public SpecLayer Threshold(
        SpecTop bottom, Action<ThresholdParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Threshold", [bottom], set, static message => message.ThresholdParam ??= new ThresholdParameter(), layer);

    /// <summary>Batch normalization. See docs/layers/BatchNorm.md.</summary>
    public SpecLayer BatchNorm(
        SpecTop bottom, Action<BatchNormParameter>? set = null,
        Action<LayerParameter>? layer = null, bool inPlace = false) =>
        Make("BatchNorm", [bottom], set, static message => message.BatchNormParam ??= new BatchNormParameter(),
            layer, inPlace: inPlace);

    /// <summary>Mean and variance normalization. See docs/layers/MVN.md.</summary>
    public SpecLayer MVN(SpecTop bottom, Action<MVNParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("MVN", [bottom], set, static message => message.MvnParam ??= new MVNParameter(), layer);
}
