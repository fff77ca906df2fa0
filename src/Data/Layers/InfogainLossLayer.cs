using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Layers.Loss;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Multinomial logistic loss in which each label says by a row of a matrix H how much each class counts:
/// p = softmax(x) along an axis; loss = sum over the positions whose label is not ignored of
/// -sum over the classes l of H[label, l] * ln max(p[l], 1e-20), divided by the normalizer;
/// dx[l] = (p[l] * sum of H[label, ...] - H[label, l]) * loss weight / normalizer, 0 at ignored positions.
/// Bottoms: scores; labels 0 to K - 1, one for each position; if there is a third one, H: K * K values of any shape,
/// row after row. Tops: the loss, a scalar; if named, the probabilities too: no gradient comes back from them.
/// <c>infogain_loss_param</c>: <c>source</c>, a file with H (binary BlobProto), read where there is no third bottom;
/// <c>axis</c> of the classes, default 1. <c>loss_param</c>: <c>ignore_label</c>, default none;
/// <c>normalization</c>, default VALID; <c>normalize</c> is refused.
/// A label that is no class fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the item's index.
/// It lives here because it reads a file.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("InfogainLoss")]
public sealed unsafe class InfogainLossLayer(LayerParameter parameter) : SoftmaxLossLayer(parameter)
{
    private readonly InfogainLossParameter _infogain = parameter.InfogainLossParam ?? new InfogainLossParameter();
    private readonly Blob _rowSums = new();
    private readonly Blob _stored = new();

    /// <inheritdoc/>
    protected override int Axis => _infogain.Axis;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        Blob scores = bottom[0], matrix = Matrix(bottom);
        int classes = Split.Classes;
        if (matrix.Count != (long)classes * classes)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"for {classes} classes (axis {scores.CanonicalAxis(Axis)} of {scores.ShapeString}) the infogain "
                + $"matrix must have {(long)classes * classes} values, not {matrix.ShapeString}");
        }

        _rowSums.Reshape(classes);
    }

    /// <inheritdoc/>
    /// <remarks>Five a score for the softmax, three for the loss.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 8L * bottom[0].Count;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        base.LayerSetUp(bottom, top);
        if (Parameter.LossParam is { HasNormalize: true })
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "loss_param { normalize } has no effect on this layer; write normalization: VALID for true or "
                + "BATCH_SIZE for false");
        }

        if (bottom.Length > 2)
            return;
        if (_infogain.Source.Length == 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "it has no infogain matrix; name its file in infogain_loss_param { source }, or give a third bottom");
        }

        using Blob matrix = BlobFile.Read("infogain matrix", Context.ResolvePath(_infogain.Source), Fail);
        _stored.Reshape(matrix.Count);
        matrix.Data.CopyTo(_stored.MutableData);
    }

    /// <inheritdoc/>
    protected override double LossCpu(float* p, Blob[] bottom)
    {
        float* matrix = Matrix(bottom).CpuData;
        Context.Device.Pool.Run(
            new InfogainRowSums(matrix, _rowSums.MutableCpuData, Split.Classes), Split.Classes);
        return BlockSum.Run(
            Context.Device, Split.Count, new InfogainLossBody(p, bottom[1].CpuData, matrix, Split, Rule));
    }

    /// <inheritdoc/>
    protected override void GradientCpu(float* p, Blob[] bottom, float* dx, float scale) =>
        Context.Device.Pool.Run(
            new InfogainGradient(
                p, bottom[1].CpuData, Matrix(bottom).CpuData, _rowSums.CpuData, dx, scale, Split, Rule),
            Split.Tasks);

    /// <inheritdoc/>
    protected override void LossGpu(GpuDevice gpu, Values p, Blob[] bottom, Values loss, float scale)
    {
        Values matrix = Matrix(bottom).GpuData(gpu);
        GpuInfogain.SumRows(gpu, Split.Classes, matrix, _rowSums.OverwriteGpuData(gpu));
        GpuInfogain.Loss(gpu, Split, Rule, p, bottom[1].GpuData(gpu), matrix, loss, scale);
    }

    /// <inheritdoc/>
    protected override void GradientGpu(GpuDevice gpu, Values p, Blob[] bottom, Values dx, LossScale scale) =>
        GpuInfogain.Gradient(
            gpu, Split, Rule, p, bottom[1].GpuData(gpu), Matrix(bottom).GpuData(gpu), _rowSums.GpuData(gpu), dx,
            scale);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        _rowSums.Dispose();
        _stored.Dispose();
    }

    private Blob Matrix(Blob[] bottom) => bottom.Length > 2 ? bottom[2] : _stored;
}
