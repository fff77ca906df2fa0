namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// A kernel for each element by itself: an immutable struct of <see cref="Values"/> and numbers. It is compiled for the
/// accelerator, so it uses no objects, exceptions or static fields, and no types but numbers and structs of these.
/// A float that is 1 or 0 by a condition is written <c>condition ? 1f : 0f</c>: of <c>condition ? 1 : 0</c> the
/// compiler (ILGPU 1.5) makes a float of the bits of the integer, 1.4e-45.
/// </summary>
public interface IGpuBody
{
    /// <summary>Does one element, or whatever the launch counts.</summary>
    /// <param name="i">From 0 to below the count of the launch.</param>
    void Invoke(int i);
}

/// <summary>
/// A kernel of groups of threads that work together through shared memory. The rules of <see cref="IGpuBody"/> hold.
/// </summary>
public interface IGpuGroupBody
{
    /// <summary>Threads of a group: a constant, at most 256.</summary>
    static abstract int GroupSize { get; }

    /// <summary>Does one thread's part.</summary>
    /// <param name="group">Which group, from 0 to below the count of the launch.</param>
    /// <param name="thread">Which thread of it, from 0 to below <see cref="GroupSize"/>.</param>
    void Invoke(int group, int thread);
}
