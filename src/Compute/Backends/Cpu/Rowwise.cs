namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>Work on a run of rows (planes, images, channels), split by <see cref="Rowwise"/>.</summary>
internal interface IRowBody
{
    /// <summary>Does the rows [<paramref name="from"/>, <paramref name="to"/>).</summary>
    /// <param name="from">First row.</param>
    /// <param name="to">Row after the last.</param>
    /// <param name="worker">Whose workspace to use.</param>
    void Invoke(int from, int to, int worker);
}

/// <summary>Work on independent rows over a device's threads; small rows are done several to a task.</summary>
internal static class Rowwise
{
    /// <summary>Runs a body over all rows. A row's result must depend on the row alone.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="rowElements">Elements of work in a row: decides how many rows make a task.</param>
    /// <param name="body">The work.</param>
    public static void Run<TBody>(CpuDevice device, int rows, long rowElements, TBody body)
        where TBody : struct, IRowBody
    {
        if (rows <= 0)
            return;
        int perTask = (int)Math.Clamp(CpuDevice.Grain / Math.Max(1, rowElements), 1, rows);
        int tasks = (int)(((long)rows + perTask - 1) / perTask);
        if (tasks == 1)
            body.Invoke(0, rows, 0);
        else
            device.Pool.Run(new Groups<TBody>(body, rows, perTask), tasks);
    }

    private readonly struct Groups<TBody>(TBody body, int rows, int perTask) : IParallelBody
        where TBody : struct, IRowBody
    {
        public void Invoke(int task, int worker)
        {
            int from = task * perTask;
            body.Invoke(from, (int)Math.Min(rows, (long)from + perTask), worker);
        }
    }
}
