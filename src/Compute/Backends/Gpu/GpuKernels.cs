using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>The two forms of a kernel; all others are their bodies.</summary>
internal static class GpuKernels
{
    public static void ForEach<TBody>(Index1D index, TBody body)
        where TBody : struct, IGpuBody => body.Invoke(index.X);

    public static void Groups<TBody>(TBody body)
        where TBody : struct, IGpuGroupBody => body.Invoke(Grid.IdxX, Group.IdxX);
}
