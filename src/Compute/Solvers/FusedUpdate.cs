using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// Everything one update does to a parameter, in one pass over its memory, since that pass is bound by memory alone:
/// scale, normalize, regularize, the rule's formula, w -= Δ. An element that would be out of range (a new weight whose
/// square is infinite, or a history that is) keeps weight, history and gradient, so that what made it can still be
/// looked at.
/// </summary>
/// <param name="memory">The parameter.</param>
/// <param name="update">What is done.</param>
/// <param name="rule">The formula.</param>
/// <param name="notFinite">Set to 1 where an element was out of range; else left alone.</param>
internal readonly unsafe struct FusedUpdate<TRule>(ParamMemory memory, ParamUpdate update, TRule rule, int* notFinite)
    : IRangeBody
    where TRule : struct, IElementRule
{
    private const int Width = 16;

    /// <inheritdoc/>
    public void Invoke(int from, int to)
    {
        float* w = memory.Weights + from, g = memory.Gradient + from, h = memory.History + from;
        float* h2 = TRule.HistoryBlocks > 1 ? memory.SecondHistory + from : null;
        int tail = (to - from) % Width, whole = to - from - tail;
        bool finite = Steps(w, g, h, h2, whole);
        if (tail > 0)
            finite &= Tail(w + whole, g + whole, h + whole, TRule.HistoryBlocks > 1 ? h2 + whole : null, tail);
        if (!finite)
            *notFinite = 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Steps(float* w, float* g, float* h, float* h2, int count)
    {
        TRule step = rule;
        Vector512<float> scale = Vector512.Create(update.GradientScale);
        Vector512<float> normalization = Vector512.Create(update.Normalization);
        Vector512<float> decay = Vector512.Create(update.Decay);
        Vector512<float> one = Vector512<float>.One, second = default, oldSecond = default;
        Vector512<float> infinity = Vector512.Create(float.PositiveInfinity), all = Vector512<float>.AllBitsSet;
        bool l2 = update.Decay != 0 && update.Regularization == Regularization.L2;
        bool l1 = update.Decay != 0 && update.Regularization == Regularization.L1;
        bool keep = !update.ClearGradient;
        for (int i = 0; i < count; i += Width)
        {
            Vector512<float> weight = Vector512.Load(w + i), oldGradient = Vector512.Load(g + i);
            Vector512<float> gradient = oldGradient * scale * normalization;
            if (l2)
            {
                gradient += decay * weight;
            }
            else if (l1)
            {
                Vector512<float> positive = Vector512.GreaterThan(weight, Vector512<float>.Zero) & one;
                Vector512<float> negative = Vector512.LessThan(weight, Vector512<float>.Zero) & one;
                gradient += decay * (positive - negative);
            }

            Vector512<float> oldFirst = Vector512.Load(h + i), first = oldFirst;
            if (TRule.HistoryBlocks > 1)
                second = oldSecond = Vector512.Load(h2 + i);
            Vector512<float> delta = step.Step(gradient, ref first, ref second);
            Vector512<float> updated = weight - delta;
            // One number that is finite only where all of them are.
            Vector512<float> sum = (updated * updated) + first;
            if (TRule.HistoryBlocks > 1)
                sum += second;
            Vector512<float> inRange = Vector512.LessThan(Vector512.Abs(sum), infinity);
            all &= inRange;
            Vector512.ConditionalSelect(inRange, first, oldFirst).Store(h + i);
            if (TRule.HistoryBlocks > 1)
                Vector512.ConditionalSelect(inRange, second, oldSecond).Store(h2 + i);
            Vector512.ConditionalSelect(inRange, updated, weight).Store(w + i);
            if (keep)
                Vector512.ConditionalSelect(inRange, delta, oldGradient).Store(g + i);
        }

        return all.AsInt32() == Vector512<int>.AllBitsSet;
    }

    // The last few elements, in registers of their own: the memory behind them is another's.
    private bool Tail(float* w, float* g, float* h, float* h2, int count)
    {
        float* copy = stackalloc float[4 * Width];
        Pad(w, copy, count);
        Pad(g, copy + Width, count);
        Pad(h, copy + (2 * Width), count);
        if (TRule.HistoryBlocks > 1)
            Pad(h2, copy + (3 * Width), count);
        bool finite = Steps(copy, copy + Width, copy + (2 * Width), copy + (3 * Width), Width);
        Unsafe.CopyBlock(w, copy, (uint)count * sizeof(float));
        Unsafe.CopyBlock(g, copy + Width, (uint)count * sizeof(float));
        Unsafe.CopyBlock(h, copy + (2 * Width), (uint)count * sizeof(float));
        if (TRule.HistoryBlocks > 1)
            Unsafe.CopyBlock(h2, copy + (3 * Width), (uint)count * sizeof(float));
        return finite;
    }

    // Filled up with the last element, which is in range where all elements are.
    private static void Pad(float* source, float* target, int count)
    {
        for (int i = 0; i < Width; i++)
            target[i] = source[Math.Min(i, count - 1)];
    }
}
