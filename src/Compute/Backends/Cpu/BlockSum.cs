namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Sums over a device's threads: of blocks that do not depend on how many there are, added in their order, in double
/// precision. Uses the workspace's shared buffer <see cref="Slot"/>.
/// </summary>
public static unsafe class BlockSum
{
    /// <summary>The shared buffer that holds the blocks' sums; a caller keeps nothing in it.</summary>
    public const int Slot = Workspace.Slots - 1;

    /// <summary>The sum of a body over all elements.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="body">The sum over a range; it starts at a multiple of <see cref="CpuDevice.Grain"/>.</param>
    public static double Run<TBody>(CpuDevice device, int count, TBody body)
        where TBody : struct, ISumBody
    {
        int blocks = (int)(((long)count + CpuDevice.Grain - 1) / CpuDevice.Grain);
        if (blocks <= 1)
            return body.Invoke(0, count);
        var sums = (double*)device.Workspace.Shared(Slot, 2L * blocks);
        Elementwise.Run(device, count, new Blocks<TBody>(body, sums));
        double sum = 0;
        for (int block = 0; block < blocks; block++)
            sum += sums[block];
        return sum;
    }

    private readonly struct Blocks<TBody>(TBody body, double* sums) : IRangeBody
        where TBody : struct, ISumBody
    {
        public void Invoke(int from, int to) => sums[from / CpuDevice.Grain] = body.Invoke(from, to);
    }
}
