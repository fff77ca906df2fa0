using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>An accelerator and the kernels compiled for it. Compiling one takes tens of milliseconds, so both outlive
/// their user: the next one who opens the accelerator finds them (<see cref="GpuPlatform"/>).</summary>
internal sealed class GpuCompiler(Accelerator accelerator)
{
    // Accelerators share a compiler.
    private static readonly Lock _oneAtATime = new();

    private readonly Dictionary<Type, Delegate> _kernels = [];

    /// <summary>The accelerator.</summary>
    public Accelerator Accelerator => accelerator;

    /// <summary>The launcher of a kernel for each element.</summary>
    public Action<AcceleratorStream, Index1D, TBody> ForEach<TBody>()
        where TBody : struct, IGpuBody =>
        (Action<AcceleratorStream, Index1D, TBody>)(_kernels.TryGetValue(typeof(TBody), out Delegate? known) ? known
            : Compile(typeof(TBody), static accelerator =>
                accelerator.LoadAutoGroupedKernel<Index1D, TBody>(GpuKernels.ForEach)));

    /// <summary>The launcher of a kernel of groups.</summary>
    public Action<AcceleratorStream, KernelConfig, TBody> Groups<TBody>()
        where TBody : struct, IGpuGroupBody =>
        (Action<AcceleratorStream, KernelConfig, TBody>)(_kernels.TryGetValue(typeof(TBody), out Delegate? known)
            ? known
            : Compile(typeof(TBody), static accelerator => accelerator.LoadKernel<TBody>(GpuKernels.Groups)));

    // To the compiler structs of the same fields are one type, nested as it met them first: a struct within another of
    // the same fields but nested otherwise it then mistakes. So it forgets all it knows before each kernel.
    private Delegate Compile(Type body, Func<Accelerator, Delegate> load)
    {
        lock (_oneAtATime)
        {
            accelerator.Context.ClearCache(ClearCacheMode.Everything);
            Delegate kernel = load(accelerator);
            _kernels.Add(body, kernel);
            return kernel;
        }
    }
}
