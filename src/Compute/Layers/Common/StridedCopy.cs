using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>Copies rows of equal length that lie at different distances in source and target.</summary>
internal readonly unsafe struct StridedCopy : IRangeBody
{
    private readonly float* _source;
    private readonly float* _target;
    private readonly long _sourceStride;
    private readonly long _targetStride;
    private readonly int _length;

    private StridedCopy(float* source, long sourceStride, float* target, long targetStride, int length)
    {
        _source = source;
        _sourceStride = sourceStride;
        _target = target;
        _targetStride = targetStride;
        _length = length;
    }

    /// <summary>Copies.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="source">First row of the source.</param>
    /// <param name="sourceStride">Floats from one of its rows to the next.</param>
    /// <param name="target">First row of the target.</param>
    /// <param name="targetStride">Floats from one of its rows to the next.</param>
    /// <param name="length">Floats of a row.</param>
    /// <param name="rows">Number of rows.</param>
    public static void Run(
        CpuDevice device, float* source, long sourceStride, float* target, long targetStride, int length, int rows)
    {
        if (length > 0 && rows > 0)
            Elementwise.Run(device, length * rows, new StridedCopy(source, sourceStride, target, targetStride, length));
    }

    /// <summary>Copies one piece.</summary>
    public static void Run(CpuDevice device, float* source, float* target, int count) =>
        Run(device, source, count, target, count, count, 1);

    /// <summary>Copies the elements [<paramref name="from"/>, <paramref name="to"/>), counted over all rows.</summary>
    public void Invoke(int from, int to)
    {
        int row = from / _length, column = from % _length;
        for (int left = to - from; left > 0; row++)
        {
            int count = Math.Min(_length - column, left);
            new ReadOnlySpan<float>(_source + (row * _sourceStride) + column, count)
                .CopyTo(new Span<float>(_target + (row * _targetStride) + column, count));
            left -= count;
            column = 0;
        }
    }
}
