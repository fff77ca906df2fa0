namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>Work on a range of elements, split by <see cref="Elementwise"/>.</summary>
public interface IRangeBody
{
    /// <summary>Does the elements [<paramref name="from"/>, <paramref name="to"/>); both are multiples of 16 but for
    /// the last.</summary>
    void Invoke(int from, int to);
}

/// <summary>Element-wise work over a device's threads, in blocks that do not depend on how many there are.</summary>
public static class Elementwise
{
    /// <summary>Runs a body over all elements; small arrays stay on the calling thread.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="body">The work.</param>
    public static void Run<TBody>(CpuDevice device, int count, TBody body)
        where TBody : struct, IRangeBody
    {
        int tasks = (int)(((long)count + CpuDevice.Grain - 1) / CpuDevice.Grain);
        if (tasks <= 1)
            body.Invoke(0, count);
        else
            device.Pool.Run(new Blocks<TBody>(body, count), tasks);
    }

    private readonly struct Blocks<TBody>(TBody body, int count) : IParallelBody
        where TBody : struct, IRangeBody
    {
        public void Invoke(int task, int worker)
        {
            int from = task * CpuDevice.Grain;
            body.Invoke(from, (int)Math.Min(count, (long)from + CpuDevice.Grain));
        }
    }
}
