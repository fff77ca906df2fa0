using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>Weights of classes or elements.</summary>
/// <param name="values">The weights; none where all are 1.</param>
internal readonly struct GpuWeights(Values values)
{
    public float this[int i] => values.Exists ? values[i] : 1;
}

/// <summary>The logarithm of each probability.</summary>
internal readonly struct SoftmaxLogTerm(ClassAxis axis, Values p) : IGpuTerm
{
    public float At(int row, int k) => LogOf(p[axis.IndexOf(row, k)]);

    // A NaN stays one.
    public static float LogOf(float p) =>
        GpuMath.Log(p < SoftmaxWithLossLayer.LeastProbability ? SoftmaxWithLossLayer.LeastProbability : p);
}

/// <summary>What a position costs; with smoothing (epsilon above 0) the positions' means of the logarithms are
/// used.</summary>
internal readonly struct SoftmaxLossTerm(
    ClassAxis axis, Values p, GpuLabels labels, GpuWeights weights, Values means, float epsilon) : IGpuTerm
{
    public float At(int row, int k)
    {
        int label = labels[k];
        if (label < 0)
            return 0;
        float log = SoftmaxLogTerm.LogOf(p[axis.IndexOf(k, label)]);
        return weights[label] * (epsilon > 0 ? (epsilon * (log - means[k])) - log : -log);
    }
}

/// <summary>The gradient of each score: (p - onehot) of the label's weight and the scale, where the one is spread over
/// all classes by the smoothing.</summary>
internal readonly struct SoftmaxLossGradient(
    ClassAxis axis, Values p, GpuLabels labels, GpuWeights weights, Values dx, LossScale scale, float epsilon)
    : IGpuBody
{
    public void Invoke(int i)
    {
        int label = labels[axis.PositionOf(i)];
        if (label < 0)
        {
            dx.Set(i, 0);
            return;
        }

        float target = (axis.ClassOf(i) == label ? 1 - epsilon : 0) + (epsilon / axis.Classes);
        dx.Set(i, weights[label] * scale.Value * (p[i] - target));
    }
}
