using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Share of positions whose label is among the top_k best scores: correct where fewer than top_k + 1 classes score at
/// least as high as the label's class, itself included; so ties count against it. 0 where all labels are ignored.
/// Bottoms: scores, and labels 0 to K - 1, one for each position. Tops: the share, a scalar; if named, the share of
/// each class too, shape (K), 0 for a class that does not occur.
/// <c>accuracy_param</c>: <c>top_k</c>, 1 to K, default 1; <c>axis</c> of the classes, default 1;
/// <c>ignore_label</c>, default none. It has no gradient.
/// A label that is no class fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the item's index.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Accuracy")]
public sealed unsafe class AccuracyLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private const int HitsSlot = 4, CountsSlot = 5;
    private const int NotBelowScratch = 1, RightScratch = 2, SeenScratch = 3;

    private readonly long _best = parameter.AccuracyParam?.TopK ?? 1;
    private PositionSplit _split;
    private LabelRule _rule;

    /// <inheritdoc/>
    public override int ExactBottoms => 2;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int MaxTops => 2;

    /// <inheritdoc/>
    public override bool NeedsExact(int bottom) => bottom == 1;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => false;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob scores = bottom[0];
        int axis = scores.CanonicalAxis(Parameter.AccuracyParam?.Axis ?? 1);
        int classes = scores.Dim(axis);
        if (_best < 1 || _best > classes)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"top_k is {_best} and must lie between 1 and the number of classes, {classes} (axis {axis} of "
                + $"{scores.ShapeString})");
        }

        _split = new PositionSplit(scores.CountRange(0, axis), classes, scores.CountFrom(axis + 1));
        if (LabelRule.Misfit(scores, axis, bottom[1]) is { } misfit)
            throw Fail(ErrorCodes.ShapeMismatch, misfit);

        AccuracyParameter? accuracy = Parameter.AccuracyParam;
        _rule = new LabelRule(classes, accuracy is { HasIgnoreLabel: true } ? accuracy.IgnoreLabel : null);
        top[0].Reshape([]);
        if (top.Length > 1)
            top[1].Reshape(classes);
    }

    /// <inheritdoc/>
    /// <remarks>One comparison a score.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => bottom[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        int valid = CountValid(bottom[1]), classes = _split.Classes;
        GpuLabels labels = _rule.On(bottom[1].GpuData(gpu));
        var axis = new ClassAxis(classes, _split.Inner);
        Values notBelow = gpu.Scratch.Get(NotBelowScratch, _split.Count);
        Values right = gpu.Scratch.Get(RightScratch, classes), seen = gpu.Scratch.Get(SeenScratch, classes);
        ClassSums.Run(gpu, _split.Count, axis, new NotBelowTerm(axis, bottom[0].GpuData(gpu), labels), notBelow);
        RowSums.Run(gpu, 1, _split.Count, new HitTerm(labels, notBelow, _best, 0), right);
        gpu.Run(1, new ShareBody(right, Values.None, valid, top[0].OverwriteGpuData(gpu)));
        if (top.Length == 1)
            return;
        RowSums.Run(gpu, classes, _split.Count, new HitTerm(labels, notBelow, _best, 1), right);
        RowSums.Run(gpu, classes, _split.Count, new HitTerm(labels, notBelow, classes, 1), seen);
        gpu.Run(classes, new ShareBody(right, seen, 0, top[1].OverwriteGpuData(gpu)));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom) =>
        RefuseGradient(propagateDown);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        int valid = CountValid(bottom[1]);
        float* labels = bottom[1].CpuData, hits = Context.Device.Workspace.Shared(HitsSlot, _split.Count);
        Context.Device.Pool.Run(new HitsBody(bottom[0].CpuData, labels, hits, _split, _rule, _best), _split.Tasks);
        long correct = 0;
        for (int i = 0; i < _split.Count; i++)
            correct += hits[i] > 0 ? 1 : 0;
        top[0].MutableData[0] = valid == 0 ? 0 : (float)((double)correct / valid);
        if (top.Length > 1)
            ByClass(labels, hits, top[1]);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom) =>
        RefuseGradient(propagateDown);

    private void RefuseGradient(bool[] propagateDown)
    {
        if (propagateDown.Contains(true))
        {
            throw Fail(ErrorCodes.BadNet,
                "accuracy has no gradient; train with a loss and take propagate_down and loss_weight from this layer");
        }
    }

    private int CountValid(Blob labels)
    {
        int valid = _rule.CountValid(Context.Device, labels);
        if (valid < 0)
        {
            throw Fail(ErrorCodes.LabelOutOfRange,
                _rule.Complaint(labels, "accuracy_param { ignore_label }", out int item), FailureKind.Data, item);
        }

        return valid;
    }

    private void ByClass(float* labels, float* hits, Blob top)
    {
        int classes = _split.Classes;
        var seen = (int*)Context.Device.Workspace.Shared(CountsSlot, 2L * classes);
        int* right = seen + classes;
        new Span<int>(seen, 2 * classes).Clear();
        for (int i = 0; i < _split.Count; i++)
        {
            int label = _rule.ClassOf(labels[i]);
            if (label < 0)
                continue;
            seen[label]++;
            right[label] += hits[i] > 0 ? 1 : 0;
        }

        Span<float> shares = top.MutableData;
        for (int c = 0; c < classes; c++)
            shares[c] = seen[c] == 0 ? 0 : (float)right[c] / seen[c];
    }

    // How many scores are not below the label's, itself included; see HitsBody of NaN.
    internal readonly struct NotBelowTerm(ClassAxis axis, Values scores, GpuLabels labels) : IGpuTerm
    {
        public float At(int row, int k)
        {
            int label = labels[row];
            return label >= 0 && scores[axis.IndexOf(row, k)] >= scores[axis.IndexOf(row, label)] ? 1f : 0f;
        }
    }

    // 1 where the label is among the best; of all classes, or of the row's alone.
    internal readonly struct HitTerm(GpuLabels labels, Values notBelow, float best, int byClass) : IGpuTerm
    {
        public float At(int row, int k)
        {
            int label = labels[k];
            return label >= 0 && (byClass == 0 || label == row) && notBelow[k] <= best ? 1f : 0f;
        }
    }

    internal readonly struct ShareBody(Values right, Values seen, float all, Values share) : IGpuBody
    {
        public void Invoke(int i)
        {
            float divisor = seen.Exists ? seen[i] : all;
            share.Set(i, divisor > 0 ? right[i] / divisor : 0);
        }
    }

    // hits: 1 where the label is among the best, else 0 (also where it is ignored).
    private readonly struct HitsBody(
        float* scores, float* labels, float* hits, PositionSplit split, LabelRule rule, long best) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (int position, int to) = split.Of(task);
            while (position < to)
            {
                (long offset, int length) = split.Run(position, to);
                if (split.Inner == 1)
                {
                    Row(position, scores + offset);
                }
                else
                {
                    for (int i = 0; i < length; i += 16)
                        Column(position + i, scores + offset + i, Math.Min(16, length - i));
                }

                position += length;
            }
        }

        // The number of scores not below the label's, itself included, is at most top_k. Where the label's score is
        // NaN no comparison holds and the position counts as correct, as in Caffe.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Row(int position, float* x)
        {
            int label = rule.ClassOf(labels[position]), classes = split.Classes;
            if (label < 0)
            {
                hits[position] = 0;
                return;
            }

            Vector512<float> own = Vector512.Create(x[label]);
            Vector512<int> notBelow = Vector512<int>.Zero;
            for (int c = 0; c < classes; c += 16)
            {
                int lanes = Math.Min(16, classes - c);
                Vector512<float> holds =
                    Vector512.GreaterThanOrEqual(Lanes.Load(x + c, lanes), own) & Lanes.First(lanes);
                notBelow -= holds.AsInt32();
            }

            hits[position] = Vector512.Sum(notBelow) <= best ? 1 : 0;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Column(int position, float* x, int lanes)
        {
            long inner = split.Inner;
            float* own = stackalloc float[16];
            for (int lane = 0; lane < lanes; lane++)
            {
                int label = rule.ClassOf(labels[position + lane]);
                own[lane] = label < 0 ? float.NegativeInfinity : x[(label * inner) + lane];
            }

            Vector512<float> owns = Vector512.Load(own);
            Vector512<int> notBelow = Vector512<int>.Zero;
            for (int c = 0; c < split.Classes; c++)
                notBelow -= Vector512.GreaterThanOrEqual(Lanes.Load(x + (c * inner), lanes), owns).AsInt32();
            for (int lane = 0; lane < lanes; lane++)
            {
                bool taken = rule.ClassOf(labels[position + lane]) >= 0;
                hits[position + lane] = taken && notBelow[lane] <= best ? 1 : 0;
            }
        }
    }
}
