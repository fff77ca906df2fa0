using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// A function of one value, computed for sixteen at a time: a struct whose Invoke is small and inlined
/// (<see cref="System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining"/>). See <see cref="VectorMap"/>.
/// </summary>
public interface IVectorFunction
{
    /// <summary>The function.</summary>
    Vector512<float> Invoke(Vector512<float> a);
}
