using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Blocks of an accelerator's memory that are used again: what a blob gives back the next of its size gets, so that a
/// steady iteration allocates nothing. Sizes are rounded up by at most an eighth. Thread-safe.
/// </summary>
/// <param name="accelerator">Whose memory.</param>
/// <param name="limit">Most bytes to hold; the accelerator has its own limit besides.</param>
internal sealed class GpuPool(Accelerator accelerator, long limit = long.MaxValue) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<MemoryBuffer1D<float, Stride1D.Dense>>> _free = [];
    private readonly HashSet<MemoryBuffer1D<float, Stride1D.Dense>> _all = [];

    /// <summary>Bytes held from the accelerator, free ones included.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Bytes in use.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>How often the accelerator was asked for memory.</summary>
    public long Allocations { get; private set; }

    public MemoryBuffer1D<float, Stride1D.Dense> Rent(long bytes)
    {
        long length = Rounded(bytes);
        lock (_lock)
        {
            if (!_free.TryGetValue(length, out Stack<MemoryBuffer1D<float, Stride1D.Dense>>? stack))
                _free[length] = stack = new();
            if (!stack.TryPop(out MemoryBuffer1D<float, Stride1D.Dense>? buffer))
                buffer = Allocate(length);
            UsedBytes += length * sizeof(float);
            return buffer;
        }
    }

    public void Return(MemoryBuffer1D<float, Stride1D.Dense> buffer)
    {
        lock (_lock)
        {
            UsedBytes -= buffer.Length * sizeof(float);
            if (_all.Contains(buffer))
                _free[buffer.Length].Push(buffer);
        }
    }

    /// <summary>Gives free blocks back to the accelerator.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            foreach (Stack<MemoryBuffer1D<float, Stride1D.Dense>> stack in _free.Values)
            {
                while (stack.TryPop(out MemoryBuffer1D<float, Stride1D.Dense>? buffer))
                    Free(buffer);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in _all)
                buffer.Dispose();
            _all.Clear();
            _free.Clear();
        }
    }

    private MemoryBuffer1D<float, Stride1D.Dense> Allocate(long length)
    {
        if (length * sizeof(float) > limit - HeldBytes)
            throw new InsufficientMemoryException();
        MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D<float>(length);
        _all.Add(buffer);
        HeldBytes += length * sizeof(float);
        Allocations++;
        return buffer;
    }

    private void Free(MemoryBuffer1D<float, Stride1D.Dense> buffer)
    {
        _all.Remove(buffer);
        HeldBytes -= buffer.Length * sizeof(float);
        buffer.Dispose();
    }

    // Floats: a multiple of 64, and above that of an eighth of the power of two below.
    private static long Rounded(long bytes)
    {
        long length = (bytes + sizeof(float) - 1) / sizeof(float);
        long step = Math.Max(64, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)length) / 16);
        return (length + step - 1) / step * step;
    }
}
