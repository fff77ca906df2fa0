using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>The infogain loss on an accelerator: each label says by its row of a matrix how much each class
/// counts.</summary>
public static class GpuInfogain
{
    private const float LeastProbability = 1e-20f;
    private const int CostsSlot = 1;

    /// <summary>Queues the sums of the matrix' rows.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffer 0 where there are many classes.</param>
    /// <param name="classes">Side of the matrix.</param>
    /// <param name="matrix">The matrix, row after row.</param>
    /// <param name="sums">Receives the sums.</param>
    public static void SumRows(GpuDevice gpu, int classes, Values matrix, Values sums)
    {
        var rows = new ClassAxis(classes, 1);
        ClassSums.Run(gpu, classes, rows, new RowTerm(matrix, classes), sums);
    }

    /// <summary>Queues the sum over all positions of -H[label, l] * ln max(p[l], 1e-20) over the classes l.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffers 0 and 1.</param>
    /// <param name="split">Where the positions lie.</param>
    /// <param name="rule">What is a class; the labels were checked by it.</param>
    /// <param name="p">Probabilities.</param>
    /// <param name="labels">A label for each position.</param>
    /// <param name="matrix">H.</param>
    /// <param name="loss">Receives the sum, one number.</param>
    /// <param name="scale">Multiplies the sum.</param>
    public static void Loss(
        GpuDevice gpu, PositionSplit split, LabelRule rule, Values p, Values labels, Values matrix, Values loss,
        float scale)
    {
        var axis = new ClassAxis(split.Classes, split.Inner);
        Values costs = gpu.Scratch.Get(CostsSlot, split.Count);
        ClassSums.Run(gpu, split.Count, axis, new CostTerm(axis, p, rule.On(labels), matrix), costs);
        RowSums.Run(gpu, 1, split.Count, new RowTerm(costs, 0), loss, scale);
    }

    /// <summary>Queues dx[l] = (p[l] * sum of H[label, ...] - H[label, l]) * scale, 0 at ignored positions.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="split">Where the positions lie.</param>
    /// <param name="rule">What is a class; the labels were checked by it.</param>
    /// <param name="p">Probabilities.</param>
    /// <param name="labels">A label for each position.</param>
    /// <param name="matrix">H.</param>
    /// <param name="sums">The sums of its rows.</param>
    /// <param name="dx">Receives the gradient.</param>
    /// <param name="scale">Loss weight over normalizer.</param>
    public static void Gradient(
        GpuDevice gpu, PositionSplit split, LabelRule rule, Values p, Values labels, Values matrix, Values sums,
        Values dx, LossScale scale)
    {
        var axis = new ClassAxis(split.Classes, split.Inner);
        gpu.Run(split.Count * split.Classes, new GradientBody(axis, p, rule.On(labels), matrix, sums, dx, scale));
    }

    internal readonly struct RowTerm(Values matrix, int stride) : IGpuTerm
    {
        public float At(int row, int k) => matrix[(row * stride) + k];
    }

    internal readonly struct CostTerm(ClassAxis axis, Values p, GpuLabels labels, Values matrix) : IGpuTerm
    {
        // A NaN stays one.
        public float At(int row, int k)
        {
            int label = labels[row];
            if (label < 0)
                return 0;
            float value = p[axis.IndexOf(row, k)];
            value = value < LeastProbability ? LeastProbability : value;
            return -matrix[(label * axis.Classes) + k] * GpuMath.Log(value);
        }
    }

    internal readonly struct GradientBody(
        ClassAxis axis, Values p, GpuLabels labels, Values matrix, Values sums, Values dx, LossScale scale) : IGpuBody
    {
        public void Invoke(int i)
        {
            int label = labels[axis.PositionOf(i)];
            dx.Set(i, label < 0 ? 0
                : scale.Value * ((p[i] * sums[label]) - matrix[(label * axis.Classes) + axis.ClassOf(i)]));
        }
    }
}
