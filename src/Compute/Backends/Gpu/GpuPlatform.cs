using System.Collections.Concurrent;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// The accelerators of this machine, found on first use: CUDA devices, then OpenCL ones, those that are CPUs last. An
/// NVIDIA card that CUDA shows is not listed again for OpenCL. Thread-safe.
/// </summary>
public static class GpuPlatform
{
    private static readonly Lazy<Context> _context = new(static () =>
        Context.Create(static builder => Configure(builder.Default())));

    private static readonly Lazy<Device[]> _found = new(static () => Find(_context.Value));

    // By number, an accelerator that was opened and is not in use.
    private static readonly ConcurrentDictionary<int, GpuCompiler> _idle = new();

    /// <summary>What there is, by number.</summary>
    public static IReadOnlyList<GpuInfo> Devices => [.. _found.Value.Select(Describe)];

    /// <summary>Number of accelerators.</summary>
    public static int Count => _found.Value.Length;

    /// <summary>Opens an accelerator.</summary>
    /// <param name="number">From 0 to below <see cref="Count"/>.</param>
    /// <param name="blas">What computes its plain matrix products. Default Auto.</param>
    /// <exception cref="CaffeException">There is none of the number, or its driver refuses.</exception>
    public static GpuDevice Open(int number, GpuBlas blas = GpuBlas.Auto)
    {
        Device[] found = _found.Value;
        if (number < 0 || number >= found.Length)
            throw Missing(number);

        try
        {
            GpuCompiler accelerator = _idle.TryRemove(number, out GpuCompiler? known) ? known
                : new GpuCompiler(found[number].CreateAccelerator(_context.Value));
            var device = new GpuDevice(accelerator, number, idle => GiveBack(number, idle));
            try
            {
                device.ChooseBlas(blas);
            }
            catch
            {
                device.Dispose();
                throw;
            }

            return device;
        }
        catch (Exception failure) when (failure is not CaffeException and not OutOfMemoryException)
        {
            throw new CaffeException(ErrorCodes.DeviceFailed, FailureKind.Device,
                $"GPU {number} ({found[number].Name}) cannot be opened: {failure.Message}", null, failure);
        }
    }

    /// <summary>The failure of an accelerator that is not there.</summary>
    /// <param name="number">Which was asked for.</param>
    public static CaffeException Missing(int number) => new(ErrorCodes.DeviceFailed, FailureKind.Device, Count switch
    {
        0 => $"there is no GPU {number}: no CUDA or OpenCL device was found; leave it out to use the CPU",
        1 => $"there is no GPU {number}: this machine has GPU 0 alone (device_query shows it)",
        int count => $"there is no GPU {number}: this machine has 0 to {count - 1} (device_query shows them)",
    });

    /// <summary>A simulation on the CPU that takes milliseconds a launch: for tests of tiny blobs where there is no
    /// accelerator.</summary>
    internal static GpuDevice OpenSimulation() => OpenSimulation(long.MaxValue);

    /// <summary>A simulation with little memory.</summary>
    /// <param name="memoryLimit">Most bytes of memory it has.</param>
    internal static GpuDevice OpenSimulation(long memoryLimit)
    {
        Context context = Context.Create(static builder => Configure(builder.CPU(new CPUDevice(4, 64, 1))));
        var accelerator = new GpuCompiler(context.GetCPUDevice(0).CreateCPUAccelerator(context));
        return new GpuDevice(accelerator, -1, ownContext: context, memoryLimit: memoryLimit);
    }

    /// <summary>How kernels are compiled: optimized code inlines all calls, which also keeps address spaces known, as
    /// some OpenCL compilers ask for.</summary>
    /// <param name="builder">Makes a context.</param>
    internal static void Configure(Context.Builder builder) =>
        HalfMemory.Configure(builder.EnableAlgorithms().Optimize(OptimizationLevel.O2));

    private static void GiveBack(int number, GpuCompiler accelerator)
    {
        // One that was opened twice at once is kept once.
        if (!_idle.TryAdd(number, accelerator))
            accelerator.Accelerator.Dispose();
    }

    private static Device[] Find(Context context)
    {
        Device[] cuda = [.. context.Devices.OfType<CudaDevice>()];
        CLDevice[] others = [.. context.Devices.OfType<CLDevice>()
            .Where(device => cuda.Length == 0 || !device.VendorName.Contains("NVIDIA", StringComparison.Ordinal))];
        return [.. cuda, .. others.Where(device => !IsCpu(device)), .. others.Where(IsCpu)];
    }

    private static bool IsCpu(Device device) =>
        device is CLDevice { DeviceType: CLDeviceType.CL_DEVICE_TYPE_CPU };

    private static GpuInfo Describe(Device device, int number) => new(
        number, device.Name, device is CudaDevice ? "CUDA" : "OpenCL", device.MemorySize, device.NumMultiprocessors,
        device switch { CudaDevice cuda => cuda.ClockRate / 1000, CLDevice cl => cl.ClockRate, _ => 0 },
        device.MaxNumThreadsPerGroup, Shape(device.MaxGroupSize), Shape(device.MaxGridSize),
        device.MaxSharedMemoryPerGroup, device.MaxConstantMemory, device.WarpSize,
        device switch
        {
            CudaDevice { Architecture: { } capability } => Text($"{capability.Major}.{capability.Minor}"),
            CLDevice cl => Text($"{cl.CVersion.Major}.{cl.CVersion.Minor}"),
            _ => "",
        },
        IsCpu(device))
    {
        Details = device switch
        {
            CudaDevice cuda =>
            [
                ("Total registers per block", Text($"{cuda.TotalNumRegistersPerGroup}")),
                ("Maximum memory pitch", Text($"{cuda.MaxMemoryPitch}")),
                ("Concurrent copy and execution", cuda.NumConcurrentCopyEngines > 0 ? "Yes" : "No"),
                ("Memory clock rate", Text($"{cuda.MemoryClockRate}")),
                ("Memory bus width", Text($"{cuda.MemoryBusWidth}")),
                ("L2 cache", Text($"{cuda.L2CacheSize}")),
                ("Error correction", cuda.HasECCSupport ? "Yes" : "No"),
                ("PCI bus", cuda.NVMLPCIBusId),
                ("Driver", Text($"{cuda.DriverVersion.Major}.{cuda.DriverVersion.Minor}")),
            ],
            CLDevice cl =>
            [
                ("Vendor", cl.VendorName),
                ("Platform", cl.PlatformName),
                ("Driver", cl.PlatformVersion.ToString()),
            ],
            _ => [],
        },
    };

    private static string Shape(Index3D shape) => Text($"{shape.X}, {shape.Y}, {shape.Z}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
