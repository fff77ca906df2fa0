using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// δ_t h_(t-1) of steps, a matrix of one row for each step and sequence that is nowhere in memory: h before the first
/// step has a place of its own, and nothing of a row whose mark is 0 goes on, even where it is not finite.
/// </summary>
/// <param name="first">h before step 0.</param>
/// <param name="hidden">h of all steps.</param>
/// <param name="marks">δ of all steps.</param>
/// <param name="items">Sequences.</param>
/// <param name="width">Numbers of a state.</param>
/// <param name="from">The first row: that of a step's first sequence.</param>
internal readonly struct KeptStates(Values first, Values hidden, Values marks, int items, int width, int from)
    : IGpuMatrix
{
    public int RowsRun => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row) => new(from + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column)
    {
        float mark = marks[row.X];
        if (mark == 0)
            return 0;
        return mark * (row.X < items ? first[(row.X * width) + column.X]
            : hidden[((row.X - items) * width) + column.X]);
    }
}

/// <summary>A row-major target to which δ times the product is added, where δ is not 0.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where they begin.</param>
/// <param name="width">Numbers in a row.</param>
/// <param name="marks">δ of all steps.</param>
/// <param name="from">The first row's δ.</param>
internal readonly struct MarkedTarget(Values values, int offset, int width, Values marks, int from) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(offset + column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value)
    {
        float mark = marks[from + row];
        if (mark != 0)
            values.Add(column.X + (row * width), mark * value);
    }
}

/// <summary>A row-major target that begins anew from other rows, again and again: y = product + start.</summary>
/// <param name="values">The numbers.</param>
/// <param name="width">Numbers in a row.</param>
/// <param name="start">The rows to begin from.</param>
/// <param name="rows">How many there are.</param>
internal readonly struct StartedTarget(Values values, int width, Values start, int rows) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value) =>
        values.Set((row * width) + column.X, value + start[(row % rows * width) + column.X]);
}

/// <summary>tanh of a product and a bias of each column, to two places.</summary>
/// <param name="values">The first place.</param>
/// <param name="copy">The second place.</param>
/// <param name="width">Numbers in a row.</param>
/// <param name="bias">The bias.</param>
internal readonly struct TanhTarget(Values values, Values copy, int width, Values bias) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value)
    {
        float y = GpuMath.Tanh(value + bias[column.X]);
        values.Set((row * width) + column.X, y);
        copy.Set((row * width) + column.X, y);
    }
}

/// <summary>y[i] = x[from + i].</summary>
internal readonly struct CopyFromBody(Values x, int from, Values y) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => y.Set(i, x[from + i]);
}

/// <summary>y[from + i] = tanh x[from + i].</summary>
internal readonly struct TanhStepBody(Values x, Values y, int from) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => y.Set(from + i, GpuMath.Tanh(x[from + i]));
}

/// <summary>dx[from + i] = dy[from + i] (1 - y[from + i]^2), the gradient of tanh.</summary>
internal readonly struct TanhStepGradient(Values y, Values dy, Values dx, int from) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        float value = y[from + i];
        dx.Set(from + i, dy[from + i] * (1 - (value * value)));
    }
}
