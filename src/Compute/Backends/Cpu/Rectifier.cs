using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// The rectified linear unit, y = max(x, 0) + slope * min(x, 0), and its gradient: for the layer of that name, and for
/// kernels that apply it to what they have just written. Both give the same bits.
/// </summary>
internal static unsafe class Rectifier
{
    /// <summary>The function. Also with slope 0 the second term counts: 0 * min(x, 0) makes NaN of -infinity, as Caffe
    /// does.</summary>
    /// <param name="x">The argument.</param>
    /// <param name="slope">The slope below 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, float slope) =>
        TileStore.Activation(x, Vector512<float>.Zero, Vector512.Create(slope));

    /// <summary>The gradient by x.</summary>
    /// <param name="x">The argument; the value serves as well where the slope is not below 0.</param>
    /// <param name="dy">The gradient by the value.</param>
    /// <param name="slope">The slope below 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Gradient(Vector512<float> x, Vector512<float> dy, float slope) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512<float>.Zero), dy, slope * dy);

    /// <summary>Applies the function to a block of a matrix, in place.</summary>
    /// <param name="first">Its first element.</param>
    /// <param name="pitch">Elements from a row to the next.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns; nothing past them is touched.</param>
    /// <param name="slope">The slope below 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float* first, nint pitch, int rows, int columns, float slope)
    {
        int full = columns / Lanes.Count * Lanes.Count, rest = columns - full;
        for (int i = 0; i < rows; i++, first += pitch)
        {
            for (int j = 0; j < full; j += Lanes.Count)
                Value(Vector512.Load(first + j), slope).Store(first + j);
            if (rest > 0)
                Lanes.Store(Value(Lanes.Load(first + full, rest), slope), first + full, rest);
        }
    }

    /// <summary>Turns gradients by values into gradients by arguments, in place.</summary>
    /// <param name="y">The values.</param>
    /// <param name="dy">Their gradients.</param>
    /// <param name="count">How many.</param>
    /// <param name="slope">The slope below 0, not below 0 itself.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ApplyGradient(float* y, float* dy, int count, float slope)
    {
        int i = 0;
        for (; i + Lanes.Count <= count; i += Lanes.Count)
            Gradient(Vector512.Load(y + i), Vector512.Load(dy + i), slope).Store(dy + i);
        int rest = count - i;
        if (rest > 0)
            Lanes.Store(Gradient(Lanes.Load(y + i, rest), Lanes.Load(dy + i, rest), slope), dy + i, rest);
    }
}
