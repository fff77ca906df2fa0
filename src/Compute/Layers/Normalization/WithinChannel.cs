using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>The numbers of a local response normalization within each channel.</summary>
/// <param name="Height">Rows of a plane.</param>
/// <param name="Width">Columns of a plane.</param>
/// <param name="Half">Rows and columns of a window before its middle, and after it.</param>
/// <param name="SumScale">alpha / size^2: the factor of the sum of squares.</param>
/// <param name="GradientScale">2 alpha beta / size^2.</param>
internal readonly record struct WithinShape(int Height, int Width, int Half, float SumScale, float GradientScale)
{
    /// <summary>Elements of a plane.</summary>
    public int PlaneSize => Height * Width;

    /// <summary>Floats from a scratch row to the next: the columns, half a window beside them, slack.</summary>
    public int Stride => (Width + (2 * Half) + (2 * Lanes.Count) - 1) / Lanes.Count * Lanes.Count;
}

/// <summary>y = x q^-beta, q = 1 + alpha / size^2 * sum of x^2 over the window. A row is one plane.</summary>
/// <param name="shape">The numbers.</param>
/// <param name="power">q^-beta.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The normalized planes; may be <paramref name="x"/>.</param>
/// <param name="copy">Takes x, for a backward pass in place; null where nobody wants it.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct WithinForward<TPower>(
    WithinShape shape, TPower power, float* x, float* y, float* copy, Workspace workspace) : IRowBody
    where TPower : struct, IInversePower
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        var window = new PlaneWindow(shape, workspace, worker);
        for (int plane = from; plane < to; plane++)
        {
            long offset = (long)plane * shape.PlaneSize;
            window.Square(x + offset);
            for (int h = 0; h < shape.Height; h++)
            {
                long at = offset + ((long)h * shape.Width);
                Normalize(window.Sums(h), x + at, y + at, copy is null ? null : copy + at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalize(float* sums, float* source, float* target, float* kept)
    {
        Vector512<float> scale = Vector512.Create(shape.SumScale);
        for (int w = 0; w < shape.Width; w += Lanes.Count)
        {
            Vector512<float> value = Vector512.Load(source + w);
            Vector512<float> q = Vector512.FusedMultiplyAdd(Vector512.Load(sums + w), scale, Vector512<float>.One);
            if (kept is not null)
                Lanes.Store(value, kept + w, shape.Width - w);
            Lanes.Store(value * power.Of(q), target + w, shape.Width - w);
        }
    }
}

/// <summary>
/// dx = dy q^-beta - 2 alpha beta / size^2 * x * sum of dy x q^(-beta - 1) over the window. A row is one plane.
/// </summary>
/// <param name="shape">The numbers.</param>
/// <param name="power">q^-beta.</param>
/// <param name="x">The planes.</param>
/// <param name="dy">Gradients of the normalized planes.</param>
/// <param name="dx">Gradients of the planes, overwritten; may be <paramref name="dy"/>.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct WithinBackward<TPower>(
    WithinShape shape, TPower power, float* x, float* dy, float* dx, Workspace workspace) : IRowBody
    where TPower : struct, IInversePower
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        var window = new PlaneWindow(shape, workspace, worker);
        float* direct = workspace.OfWorker(worker, WorkspaceSlots.Layer + 3, (long)shape.Height * shape.Stride);
        for (int plane = from; plane < to; plane++)
        {
            long offset = (long)plane * shape.PlaneSize;
            window.Square(x + offset);
            for (int h = 0; h < shape.Height; h++)
            {
                // The sums of this row are done; its own squares are not needed any more.
                float* sums = window.Sums(h);
                long at = offset + ((long)h * shape.Width);
                Ratios(sums, x + at, dy + at, window.Row(h), direct + ((long)h * shape.Stride));
            }

            window.AddColumns();
            for (int h = 0; h < shape.Height; h++)
            {
                long at = offset + ((long)h * shape.Width);
                Combine(window.Sums(h), direct + ((long)h * shape.Stride), x + at, dx + at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Ratios(float* sums, float* source, float* gradient, float* ratio, float* direct)
    {
        Vector512<float> scale = Vector512.Create(shape.SumScale);
        for (int w = 0; w < shape.Width; w += Lanes.Count)
        {
            Vector512<float> q = Vector512.FusedMultiplyAdd(Vector512.Load(sums + w), scale, Vector512<float>.One);
            (Vector512<float> factor, Vector512<float> inverse) = power.Both(q);
            Vector512<float> passed = Vector512.Load(gradient + w) * factor;
            passed.Store(direct + w);
            Lanes.Store(passed * Vector512.Load(source + w) * inverse, ratio + w, shape.Width - w);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Combine(float* sums, float* direct, float* source, float* target)
    {
        Vector512<float> scale = Vector512.Create(-shape.GradientScale);
        for (int w = 0; w < shape.Width; w += Lanes.Count)
        {
            Vector512<float> sum = Vector512.Load(sums + w) * scale;
            Vector512<float> result = Vector512.FusedMultiplyAdd(
                sum, Vector512.Load(source + w), Vector512.Load(direct + w));
            Lanes.Store(result, target + w, shape.Width - w);
        }
    }
}

/// <summary>Sums over square windows of a plane with zeros around it: first over columns, then over rows.</summary>
internal readonly unsafe struct PlaneWindow
{
    private readonly WithinShape _shape;
    private readonly float* _values;
    private readonly float* _columns;
    private readonly float* _sums;

    /// <summary>Takes the first three of a worker's buffers for layers.</summary>
    public PlaneWindow(WithinShape shape, Workspace workspace, int worker)
    {
        _shape = shape;
        long size = (long)shape.Height * shape.Stride;
        _values = workspace.OfWorker(worker, WorkspaceSlots.Layer, size);
        _columns = workspace.OfWorker(worker, WorkspaceSlots.Layer + 1, size);
        _sums = workspace.OfWorker(worker, WorkspaceSlots.Layer + 2, shape.Stride);
        // The zeros beside the columns; only the columns are written later.
        new Span<float>(_values, checked((int)size)).Clear();
    }

    /// <summary>Where a row's values lie.</summary>
    public float* Row(int h) => _values + ((long)h * _shape.Stride) + _shape.Half;

    /// <summary>Takes the squares of a plane as values and adds up their columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Square(float* plane)
    {
        for (int h = 0; h < _shape.Height; h++)
        {
            float* source = plane + ((long)h * _shape.Width), target = Row(h);
            for (int w = 0; w < _shape.Width; w += Lanes.Count)
            {
                Vector512<float> value = Vector512.Load(source + w);
                Lanes.Store(value * value, target + w, _shape.Width - w);
            }
        }

        AddColumns();
    }

    /// <summary>Adds up the values of each window's columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddColumns()
    {
        for (int h = 0; h < _shape.Height; h++)
        {
            float* source = _values + ((long)h * _shape.Stride), target = _columns + ((long)h * _shape.Stride);
            for (int w = 0; w < _shape.Width; w += Lanes.Count)
            {
                Vector512<float> sum = Vector512.Load(source + w);
                for (int j = 1; j <= 2 * _shape.Half; j++)
                    sum += Vector512.Load(source + w + j);
                sum.Store(target + w);
            }
        }
    }

    /// <summary>The sums of the windows around a row; valid until the next call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float* Sums(int h)
    {
        int top = Math.Max(0, h - _shape.Half), bottom = Math.Min(_shape.Height - 1, h + _shape.Half);
        for (int w = 0; w < _shape.Width; w += Lanes.Count)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = top; i <= bottom; i++)
                sum += Vector512.Load(_columns + ((long)i * _shape.Stride) + w);
            sum.Store(_sums + w);
        }

        return _sums;
    }
}
