using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// Rows times a mark each, 0 where a sequence begins: nothing of such a row goes on, even where it is not finite.
/// </summary>
internal static unsafe class MarkedRows
{
    /// <summary>y = δ x.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="width">Numbers in a row.</param>
    /// <param name="marks">δ, one for each row.</param>
    /// <param name="x">The rows.</param>
    /// <param name="y">Takes the result.</param>
    public static void Copy(CpuDevice device, int rows, int width, float* marks, float* x, float* y) =>
        Rowwise.Run(device, rows, width, new Body(width, marks, x, y, add: false));

    /// <summary>y += δ x.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="width">Numbers in a row.</param>
    /// <param name="marks">δ, one for each row.</param>
    /// <param name="x">The rows.</param>
    /// <param name="y">What they are added to.</param>
    public static void Add(CpuDevice device, int rows, int width, float* marks, float* x, float* y) =>
        Rowwise.Run(device, rows, width, new Body(width, marks, x, y, add: true));

    /// <summary>What to tell where a gradient is asked for the marks, else null.</summary>
    /// <param name="propagateDown">What is asked for.</param>
    /// <param name="marks">Which bottom they are.</param>
    public static string? Refusal(bool[] propagateDown, int marks) => !propagateDown[marks] ? null
        : $"no gradient goes to the marks of where sequences go on; remove propagate_down for bottom {marks}, and let "
        + "nothing that learns produce it";

    private readonly struct Body(int width, float* marks, float* x, float* y, bool add) : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            for (int n = from; n < to; n++)
            {
                float* source = x + ((nint)n * width), target = y + ((nint)n * width);
                Vector512<float> mark = Vector512.Create(marks[n]);
                for (int d = 0; d < width; d += Lanes.Count)
                {
                    int count = width - d;
                    Vector512<float> value = add ? Lanes.Load(target + d, count) : Vector512<float>.Zero;
                    if (marks[n] != 0)
                        value += mark * Lanes.Load(source + d, count);
                    Lanes.Store(value, target + d, count);
                }
            }
        }
    }
}
