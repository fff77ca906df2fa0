using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Label smoothing (Szegedy et al.: Rethinking the Inception architecture, 2016), which NVIDIA's fork has: the target
/// of a position is (1 - e) onehot(label) + e / K instead of onehot(label). What that adds to a loss and gradient
/// computed without it: e (ln p[label] - mean of ln p), and e (onehot(label) - 1 / K), each times the label's weight
/// where classes have weights.
/// </summary>
/// <param name="epsilon">e, in [0, 1); at 0 nothing is added.</param>
/// <param name="split">The positions.</param>
/// <param name="rule">How labels are read.</param>
internal readonly unsafe struct LabelSmoothing(float epsilon, PositionSplit split, LabelRule rule)
{
    // FLT_MIN, as for the label's own probability.
    private const float LeastProbability = 1.17549435e-38f;

    /// <summary>Whether there is any.</summary>
    public bool IsOn => epsilon != 0;

    /// <summary>What is added to the sum of the losses.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="p">The probabilities.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="weights">The classes' weights; null where all are 1.</param>
    public double Loss(CpuDevice device, float* p, float* labels, float* weights) =>
        epsilon * BlockSum.Run(device, split.Count, new LossBody(p, labels, weights, split, rule));

    /// <summary>Adds to the gradient of the scores.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="weights">The classes' weights; null where all are 1.</param>
    /// <param name="dx">The gradient of the loss without smoothing; 0 at ignored positions, which stay so.</param>
    /// <param name="scale">Loss weight / normalizer.</param>
    public void AddGradient(CpuDevice device, float* labels, float* weights, float* dx, float scale) =>
        device.Pool.Run(new GradientBody(labels, weights, dx, -scale * epsilon, split, rule), split.Tasks);

    private readonly struct LossBody(float* p, float* labels, float* weights, PositionSplit split, LabelRule rule)
        : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            double sum = 0;
            float* means = stackalloc float[Lanes.Count];
            for (int position = from; position < to;)
            {
                (long offset, int length) = split.Run(position, to);
                if (split.Inner == 1)
                    *means = MeanOfRow(p + offset);
                else
                    MeansOfColumns(p + offset, length = Math.Min(length, Lanes.Count), means);
                for (int lane = 0; lane < length; lane++)
                {
                    int label = rule.ClassOf(labels[position + lane]);
                    if (label < 0)
                        continue;
                    float probability = p[split.IndexOf(position + lane, label)];
                    double more = Math.Log(Math.Max(probability, LeastProbability)) - means[lane];
                    sum += weights is null ? more : weights[label] * more;
                }

                position += length;
            }

            return sum;
        }

        private float MeanOfRow(float* row)
        {
            Vector512<float> sum = Vector512<float>.Zero, least = Vector512.Create(LeastProbability);
            for (int c = 0; c < split.Classes; c += Lanes.Count)
                sum += VectorMath.Log(Vector512.Max(Lanes.LoadFirst(row + c, split.Classes - c, 1), least));
            return VectorMath.SumLanes(sum) / split.Classes;
        }

        private void MeansOfColumns(float* first, int lanes, float* means)
        {
            Vector512<float> sum = Vector512<float>.Zero, least = Vector512.Create(LeastProbability);
            for (int c = 0; c < split.Classes; c++)
                sum += VectorMath.Log(Vector512.Max(Lanes.Load(first + ((long)c * split.Inner), lanes), least));
            (sum / split.Classes).Store(means);
        }
    }

    // Weight is -e * scale, times the label's own: all classes get weight / K, the label's loses the weight.
    private readonly struct GradientBody(
        float* labels, float* weights, float* dx, float weight, PositionSplit split, LabelRule rule) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (int position, int to) = split.Of(task);
            while (position < to)
            {
                (long offset, int length) = split.Run(position, to);
                int lanes = Math.Min(length, Lanes.Count);
                if (split.Inner == 1)
                    Row(dx + offset, labels[position]);
                else
                    Columns(dx + offset, labels + position, lanes);
                position += lanes;
            }
        }

        private float WeightOf(int label) => weights is null ? weight : weight * weights[label];

        private void Row(float* row, float label)
        {
            int chosen = rule.ClassOf(label);
            if (chosen < 0)
                return;
            Vector512<float> part = Vector512.Create(WeightOf(chosen) / split.Classes);
            for (int c = 0; c < split.Classes; c += Lanes.Count)
            {
                int lanes = Math.Min(Lanes.Count, split.Classes - c);
                Lanes.Store(Lanes.Load(row + c, lanes) + part, row + c, lanes);
            }

            row[chosen] -= WeightOf(chosen);
        }

        // Ignored positions get nothing.
        private void Columns(float* first, float* label, int lanes)
        {
            int* chosen = stackalloc int[Lanes.Count];
            float* own = stackalloc float[Lanes.Count];
            for (int lane = 0; lane < lanes; lane++)
            {
                chosen[lane] = rule.ClassOf(label[lane]);
                own[lane] = chosen[lane] < 0 ? 0 : WeightOf(chosen[lane]);
            }

            Vector512<float> part = Vector512.Load(own) / split.Classes;
            for (int c = 0; c < split.Classes; c++)
            {
                float* target = first + ((long)c * split.Inner);
                Lanes.Store(Lanes.Load(target, lanes) + part, target, lanes);
            }

            for (int lane = 0; lane < lanes; lane++)
            {
                if (chosen[lane] >= 0)
                    first[((long)chosen[lane] * split.Inner) + lane] -= own[lane];
            }
        }
    }
}
