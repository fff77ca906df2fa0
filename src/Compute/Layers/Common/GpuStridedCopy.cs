using CaffeActors.Compute.Backends.Gpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>Copies rows of equal length that lie at different distances in source and target: what
/// <see cref="StridedCopy"/> does on the CPU.</summary>
internal readonly struct GpuStridedCopy : IGpuBody
{
    private readonly Values _source;
    private readonly Values _target;
    private readonly int _sourceStart;
    private readonly int _sourceStride;
    private readonly int _targetStart;
    private readonly int _targetStride;
    private readonly int _length;

    private GpuStridedCopy(
        Values source, int sourceStart, int sourceStride, Values target, int targetStart, int targetStride, int length)
    {
        _source = source;
        _sourceStart = sourceStart;
        _sourceStride = sourceStride;
        _target = target;
        _targetStart = targetStart;
        _targetStride = targetStride;
        _length = length;
    }

    /// <summary>Queues the copy.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="source">The source.</param>
    /// <param name="sourceStart">Where its first row begins.</param>
    /// <param name="sourceStride">Numbers from one of its rows to the next.</param>
    /// <param name="target">The target.</param>
    /// <param name="targetStart">Where its first row begins.</param>
    /// <param name="targetStride">Numbers from one of its rows to the next.</param>
    /// <param name="length">Numbers of a row.</param>
    /// <param name="rows">Number of rows.</param>
    public static void Run(
        GpuDevice gpu, Values source, int sourceStart, int sourceStride, Values target, int targetStart,
        int targetStride, int length, int rows) =>
        gpu.Run(length * rows, new GpuStridedCopy(
            source, sourceStart, sourceStride, target, targetStart, targetStride, length));

    /// <inheritdoc/>
    public void Invoke(int i)
    {
        int row = i / _length, column = i % _length;
        _target.Set(
            _targetStart + (row * _targetStride) + column, _source[_sourceStart + (row * _sourceStride) + column]);
    }
}
