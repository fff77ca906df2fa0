using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// One step of LSTM cells: N items of D cells. The gates of an item are four runs of D numbers, in the order i, f, o
/// (sigmoids) and g (tanh). c = f * c' + i * g with f already multiplied by the item's continuation mark;
/// h = o * tanh c.
/// </summary>
internal static unsafe class LstmCell
{
    /// <summary>The step forward.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="items">N.</param>
    /// <param name="width">D.</param>
    /// <param name="cont">N marks: 0 where a sequence begins, so that c' counts for nothing.</param>
    /// <param name="inputs">What the gates see, (N, 4 D).</param>
    /// <param name="previous">c', (N, D).</param>
    /// <param name="gates">Takes the gates' values, f with its mark; may be <paramref name="inputs"/>.</param>
    /// <param name="cell">Takes c.</param>
    /// <param name="hidden">Takes h.</param>
    public static void Forward(
        CpuDevice device, int items, int width, float* cont, float* inputs, float* previous, float* gates, float* cell,
        float* hidden) =>
        Rowwise.Run(device, items, 8L * width, new ForwardBody(width, cont, inputs, previous, gates, cell, hidden));

    /// <summary>The step backward.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="items">N.</param>
    /// <param name="width">D.</param>
    /// <param name="previous">c'.</param>
    /// <param name="gates">The gates' values as <see cref="Forward"/> left them.</param>
    /// <param name="cell">c.</param>
    /// <param name="cellDiff">The gradient of c.</param>
    /// <param name="hiddenDiff">The gradient of h.</param>
    /// <param name="inputsDiff">Takes the gradient of what the gates saw.</param>
    /// <param name="previousDiff">Takes the gradient of c'.</param>
    public static void Backward(
        CpuDevice device, int items, int width, float* previous, float* gates, float* cell, float* cellDiff,
        float* hiddenDiff, float* inputsDiff, float* previousDiff) =>
        Rowwise.Run(device, items, 8L * width,
            new BackwardBody(width, previous, gates, cell, cellDiff, hiddenDiff, inputsDiff, previousDiff));

    private readonly struct ForwardBody(
        int width, float* cont, float* inputs, float* previous, float* gates, float* cell, float* hidden) : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            for (int n = from; n < to; n++)
            {
                Vector512<float> mark = Vector512.Create(cont[n]);
                bool begins = cont[n] == 0;
                float* x = inputs + (4 * (nint)n * width), y = gates + (4 * (nint)n * width);
                nint row = (nint)n * width;
                for (int d = 0; d < width; d += Lanes.Count)
                {
                    int count = width - d;
                    Vector512<float> i = VectorMath.Sigmoid(Lanes.Load(x + d, count));
                    Vector512<float> f = begins
                        ? Vector512<float>.Zero : mark * VectorMath.Sigmoid(Lanes.Load(x + width + d, count));
                    // Not a product with 0: what stood before a sequence may not be finite.
                    Vector512<float> kept = begins
                        ? Vector512<float>.Zero : f * Lanes.Load(previous + row + d, count);
                    Vector512<float> o = VectorMath.Sigmoid(Lanes.Load(x + (2 * width) + d, count));
                    Vector512<float> g = VectorMath.Tanh(Lanes.Load(x + (3 * width) + d, count));
                    Vector512<float> c = kept + (i * g);
                    Lanes.Store(i, y + d, count);
                    Lanes.Store(f, y + width + d, count);
                    Lanes.Store(o, y + (2 * width) + d, count);
                    Lanes.Store(g, y + (3 * width) + d, count);
                    Lanes.Store(c, cell + row + d, count);
                    Lanes.Store(o * VectorMath.Tanh(c), hidden + row + d, count);
                }
            }
        }
    }

    private readonly struct BackwardBody(
        int width, float* previous, float* gates, float* cell, float* cellDiff, float* hiddenDiff, float* inputsDiff,
        float* previousDiff) : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            Vector512<float> one = Vector512<float>.One;
            for (int n = from; n < to; n++)
            {
                float* y = gates + (4 * (nint)n * width), dx = inputsDiff + (4 * (nint)n * width);
                nint row = (nint)n * width;
                for (int d = 0; d < width; d += Lanes.Count)
                {
                    int count = width - d;
                    Vector512<float> i = Lanes.Load(y + d, count), f = Lanes.Load(y + width + d, count);
                    Vector512<float> o = Lanes.Load(y + (2 * width) + d, count);
                    Vector512<float> g = Lanes.Load(y + (3 * width) + d, count);
                    Vector512<float> t = VectorMath.Tanh(Lanes.Load(cell + row + d, count));
                    Vector512<float> dh = Lanes.Load(hiddenDiff + row + d, count);
                    Vector512<float> q = Lanes.Load(cellDiff + row + d, count) + (dh * o * (one - (t * t)));
                    Vector512<float> c = Vector512.ConditionalSelect(
                        Vector512.Equals(f, Vector512<float>.Zero), f, Lanes.Load(previous + row + d, count));
                    Lanes.Store(q * f, previousDiff + row + d, count);
                    Lanes.Store(q * g * i * (one - i), dx + d, count);
                    Lanes.Store(q * c * f * (one - f), dx + width + d, count);
                    Lanes.Store(dh * t * o * (one - o), dx + (2 * width) + d, count);
                    Lanes.Store(q * i * (one - (g * g)), dx + (3 * width) + d, count);
                }
            }
        }
    }
}
