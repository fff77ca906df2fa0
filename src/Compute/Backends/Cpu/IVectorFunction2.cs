using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// A function of two values, computed for sixteen pairs at a time: a struct whose Invoke is small and inlined
/// (<see cref="System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining"/>). See <see cref="VectorMap"/>.
/// </summary>
public interface IVectorFunction2
{
    /// <summary>The function.</summary>
    Vector512<float> Invoke(Vector512<float> a, Vector512<float> b);
}
