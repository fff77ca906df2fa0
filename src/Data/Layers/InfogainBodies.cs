using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers.Loss;

namespace CaffeActors.Data.Layers;

/// <summary>The sums of a matrix' rows; a task is a row.</summary>
/// <param name="matrix">The square matrix.</param>
/// <param name="sums">Receives the sums.</param>
/// <param name="classes">Its side.</param>
internal readonly unsafe struct InfogainRowSums(float* matrix, float* sums, int classes) : IParallelBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int task, int worker)
    {
        float* row = matrix + ((long)task * classes);
        Vector512<double> sum = default;
        for (int c = 0; c < classes; c += 16)
        {
            (Vector512<double> low, Vector512<double> high) =
                Vector512.Widen(Lanes.Load(row + c, Math.Min(16, classes - c)));
            sum += low + high;
        }

        sums[task] = (float)Vector512.Sum(sum);
    }
}

/// <summary>The loss of a range of positions.</summary>
/// <param name="p">Probabilities.</param>
/// <param name="labels">A label for each position.</param>
/// <param name="matrix">A row for each label.</param>
/// <param name="split">Where the positions lie.</param>
/// <param name="rule">What is a class.</param>
internal readonly unsafe struct InfogainLossBody(
    float* p, float* labels, float* matrix, PositionSplit split, LabelRule rule) : ISumBody
{
    private const float LeastProbability = 1e-20f;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Invoke(int from, int to)
    {
        int classes = split.Classes;
        double loss = 0;
        float* strided = stackalloc float[16];
        for (int position = from; position < to; position++)
        {
            int label = rule.ClassOf(labels[position]);
            if (label < 0)
                continue;
            float* row = matrix + ((long)label * classes), own = p + split.IndexOf(position, 0);
            Vector512<double> sum = default;
            for (int c = 0; c < classes; c += 16)
            {
                int lanes = Math.Min(16, classes - c);
                Vector512<float> probabilities = split.Inner == 1 ? Lanes.Load(own + c, lanes)
                    : Gather(own + ((long)c * split.Inner), split.Inner, lanes, strided);
                // Lanes past the end: a row's value of 0 takes no part.
                Vector512<float> logarithms =
                    VectorMath.Log(Vector512.Max(probabilities, Vector512.Create(LeastProbability)));
                (Vector512<double> low, Vector512<double> high) =
                    Vector512.Widen(Lanes.Load(row + c, lanes) * logarithms);
                sum += low + high;
            }

            loss -= Vector512.Sum(sum);
        }

        return loss;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Gather(float* from, int step, int lanes, float* to)
    {
        for (int lane = 0; lane < 16; lane++)
            to[lane] = lane < lanes ? from[(long)lane * step] : 1;
        return Vector512.Load(to);
    }
}

/// <summary>The gradient of the scores, task by task of the split.</summary>
/// <param name="p">Probabilities.</param>
/// <param name="labels">A label for each position.</param>
/// <param name="matrix">A row for each label.</param>
/// <param name="rowSums">The sums of its rows.</param>
/// <param name="dx">Receives the gradient.</param>
/// <param name="scale">Loss weight over normalizer.</param>
/// <param name="split">Where the positions lie.</param>
/// <param name="rule">What is a class.</param>
internal readonly unsafe struct InfogainGradient(
    float* p, float* labels, float* matrix, float* rowSums, float* dx, float scale, PositionSplit split,
    LabelRule rule) : IParallelBody
{
    /// <inheritdoc/>
    public void Invoke(int task, int worker)
    {
        (int position, int to) = split.Of(task);
        while (position < to)
        {
            (long offset, int length) = split.Run(position, to);
            if (split.Inner == 1)
            {
                Row(p + offset, dx + offset, rule.ClassOf(labels[position]));
            }
            else
            {
                for (int i = 0; i < length; i += 16)
                    Column(p + offset + i, labels + position + i, dx + offset + i, Math.Min(16, length - i));
            }

            position += length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* source, float* target, int label)
    {
        int classes = split.Classes;
        if (label < 0)
        {
            new Span<float>(target, classes).Clear();
            return;
        }

        float* row = matrix + ((long)label * classes);
        float sum = rowSums[label];
        for (int c = 0; c < classes; c += 16)
        {
            int lanes = Math.Min(16, classes - c);
            Vector512<float> gradient = (Lanes.Load(source + c, lanes) * sum) - Lanes.Load(row + c, lanes);
            Lanes.Store(gradient * scale, target + c, lanes);
        }
    }

    // Sixteen positions, each with a row of its own; zero by masking: an ignored position's NaN must not pass.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Column(float* source, float* label, float* target, int lanes)
    {
        long inner = split.Inner;
        int classes = split.Classes;
        long* rows = stackalloc long[16];
        int* chosen = stackalloc int[16];
        float* sums = stackalloc float[16], values = stackalloc float[16];
        new Span<int>(chosen, 16).Fill(LabelRule.Ignored);
        new Span<long>(rows, 16).Clear();
        for (int lane = 0; lane < lanes; lane++)
        {
            chosen[lane] = rule.ClassOf(label[lane]);
            rows[lane] = Math.Max(0, chosen[lane]) * (long)classes;
            sums[lane] = rowSums[Math.Max(0, chosen[lane])];
        }

        Vector512<float> taken = Vector512.GreaterThanOrEqual(Vector512.Load(chosen), Vector512<int>.Zero).AsSingle();
        Vector512<float> sum = Vector512.Load(sums);
        for (int c = 0; c < classes; c++)
        {
            for (int lane = 0; lane < 16; lane++)
                values[lane] = matrix[rows[lane] + c];
            Vector512<float> gradient =
                ((Lanes.Load(source + (c * inner), lanes) * sum) - Vector512.Load(values)) * scale;
            Lanes.Store(gradient & taken, target + (c * inner), lanes);
        }
    }
}
