using System.Reflection;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

/// <summary>Every kernel compiles for NVIDIA's devices, which takes none.</summary>
public sealed class PtxTests
{
    // All for the oldest architecture; what compiles for that does for newer ones, as samples show.
    [Theory]
    [InlineData(6, 0, 1)]
    [InlineData(7, 5, 12)]
    [InlineData(9, 0, 12)]
    public void EveryKernel_Compiles(int major, int minor, int step)
    {
        using var compiler = new Compiler(new CudaArchitecture(major, minor));
        IReadOnlyList<Type> bodies = KernelBodies.Bodies, groups = KernelBodies.GroupBodies;
        List<string> failures = [];
        foreach (Type body in bodies.Concat(groups).Where((_, i) => i % step == 0))
        {
            try
            {
                string ptx = compiler.Compile(body);
                if (!ptx.Contains(".entry", StringComparison.Ordinal))
                    failures.Add($"{body}: no entry point");
                // Some devices have no doubles, and most are slow with them.
                if (ptx.Contains(".f64", StringComparison.Ordinal))
                    failures.Add($"{body}: computes with doubles");
            }
            catch (Exception failure) when (failure is InternalCompilerException or NotSupportedException)
            {
                failures.Add($"{body}: {failure.GetBaseException()}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.InRange(bodies.Count, 10, 1000);
        Assert.InRange(groups.Count, 5, 1000);
    }

    [Theory]
    [InlineData(typeof(CountingBody))]
    [InlineData(typeof(ObjectBody))]
    public void KernelsThatDevicesCannotRun_AreRefused(Type body)
    {
        using var compiler = new Compiler(new CudaArchitecture(7, 5));
        Assert.ThrowsAny<Exception>(() => compiler.Compile(body));
    }

    [Fact]
    public void HalfNumbers_AreConvertedByTheDevicesOwnInstructions()
    {
        using var compiler = new Compiler(new CudaArchitecture(7, 5));
        string ptx = compiler.Compile(typeof(CopyBody));
        Assert.Contains("cvt.f32.f16", ptx, StringComparison.Ordinal);
        Assert.Contains("cvt.rn.f16.f32", ptx, StringComparison.Ordinal);
    }

    [Fact]
    public void Doubles_AreSeen()
    {
        using var compiler = new Compiler(new CudaArchitecture(7, 5));
        Assert.Contains(".f64", compiler.Compile(typeof(DoubleBody)), StringComparison.Ordinal);
        Assert.DoesNotContain(".f64", compiler.Compile(KernelBodies.Bodies[0]), StringComparison.Ordinal);
    }

    private sealed class Compiler : IDisposable
    {
        private static readonly MethodInfo ForEach =
            typeof(GpuKernels).GetMethod(nameof(GpuKernels.ForEach), BindingFlags.Static | BindingFlags.Public)!;

        private static readonly MethodInfo Groups =
            typeof(GpuKernels).GetMethod(nameof(GpuKernels.Groups), BindingFlags.Static | BindingFlags.Public)!;

        private readonly Context _context = Context.Create(GpuPlatform.Configure);
        private readonly PTXBackend _backend;

        public Compiler(CudaArchitecture architecture) => _backend = new PTXBackend(
            _context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_78, null);

        public string Compile(Type body)
        {
            // As GpuDevice does it, which says why.
            _context.ClearCache(ClearCacheMode.Everything);
            EntryPointDescription entry = typeof(IGpuBody).IsAssignableFrom(body)
                ? EntryPointDescription.FromImplicitlyGroupedKernel(ForEach.MakeGenericMethod(body))
                : EntryPointDescription.FromExplicitlyGroupedKernel(Groups.MakeGenericMethod(body));
            return ((PTXCompiledKernel)_backend.Compile(entry, KernelSpecialization.Empty)).PTXAssembly;
        }

        public void Dispose()
        {
            _backend.Dispose();
            _context.Dispose();
        }
    }

    private readonly struct CountingBody(Values y) : IGpuBody
    {
        private static int _count;

        public void Invoke(int i) => y.Set(i, ++_count);
    }

    private readonly struct ObjectBody(Values y) : IGpuBody
    {
        public void Invoke(int i) => y.Set(i, new List<int> { i }.Count);
    }

    private readonly struct DoubleBody(Values y) : IGpuBody
    {
        public void Invoke(int i) => y.Set(i, (float)((double)y[i] * 1.1));
    }
}
