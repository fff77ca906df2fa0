namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Work that a <see cref="ComputePool"/> splits into tasks. A struct that holds pointers and sizes: the pool calls it
/// without allocation. Which task a worker gets is not defined, so a result must depend on the task alone.
/// </summary>
public interface IParallelBody
{
    /// <summary>Does one task.</summary>
    /// <param name="task">0 to tasks - 1.</param>
    /// <param name="worker">0 to threads - 1: whose workspace to use.</param>
    void Invoke(int task, int worker);
}
