using System.Globalization;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Devices;

/// <summary>Finds and opens the devices that users name, with Caffe's log lines.</summary>
public static class DeviceOpener
{
    /// <summary>Reads the name of one device.</summary>
    /// <param name="text"><c>cpu</c> or <c>gpu:N</c>.</param>
    /// <param name="origin">The flag or setting, for errors.</param>
    /// <exception cref="CaffeException">It is neither.</exception>
    public static DeviceId Parse(string text, string origin) => DeviceId.TryParse(text)
        ?? throw Usage($"{origin} is cpu or gpu:N (device_query lists them), not '{text}'");

    /// <summary>Reads Caffe's <c>--gpu</c>.</summary>
    /// <param name="text">Ids separated by commas, or <c>all</c>: the GPUs, and where there is none the CPUs behind a
    /// GPU's interface.</param>
    /// <param name="origin">The flag, for errors.</param>
    /// <returns>At least one device; whether those given by id are there is not looked at.</returns>
    /// <exception cref="CaffeException">An id is no number or given twice, or there is no GPU at all.</exception>
    public static IReadOnlyList<DeviceId> OfGpus(string text, string origin)
    {
        if (text != "all")
        {
            string[] ids = text.Split(',', StringSplitOptions.TrimEntries);
            DeviceId[] given = [.. ids.Select(id => OfGpu(id, text, origin))];
            return given.Distinct().Count() == given.Length
                ? given : throw Usage($"{origin} names a GPU twice: '{text}'");
        }

        IReadOnlyList<GpuInfo> found = GpuPlatform.Devices;
        if (found.Count == 0)
            throw GpuPlatform.Missing(0);
        bool real = found.Any(gpu => !gpu.IsCpu);
        return [.. found.Where(gpu => !(real && gpu.IsCpu)).Select(gpu => new DeviceId(DeviceId.Gpu, gpu.Number))];
    }

    /// <summary>Opens a device for the calling thread.</summary>
    /// <param name="device">Which.</param>
    /// <param name="notice">Hears which is used.</param>
    /// <returns>The accelerator, which is the caller's to dispose of; null for a CPU.</returns>
    /// <exception cref="CaffeException">It is not there, or its driver refuses.</exception>
    public static GpuDevice? Open(DeviceId device, Action<string> notice)
    {
        GpuDevice? gpu = Open(device);
        gpu?.Bind();
        notice(gpu is null ? "Use CPU."
            : string.Create(CultureInfo.InvariantCulture, $"Use GPU with device ID {device.Number}"));
        if (gpu is not null)
            notice($"GPU device name: {gpu.Name}");
        return gpu;
    }

    /// <summary>Opens a device for a thread that will bind it.</summary>
    /// <param name="device">Which.</param>
    /// <param name="blas">What computes its plain matrix products. Default Auto.</param>
    /// <returns>The accelerator, which is the caller's to dispose of; null for a CPU.</returns>
    /// <exception cref="CaffeException">It is not there, or its driver refuses.</exception>
    public static GpuDevice? Open(DeviceId device, GpuBlas blas = GpuBlas.Auto) =>
        device.Kind == DeviceId.Cpu ? null : GpuPlatform.Open(device.Number, blas);

    /// <summary>Tells the devices of a training run as Caffe does.</summary>
    /// <param name="devices">The devices.</param>
    /// <param name="notice">Hears the lines.</param>
    public static void Tell(IReadOnlyList<DeviceId> devices, Action<string> notice)
    {
        int[] gpus = [.. devices.Where(device => device.Kind == DeviceId.Gpu).Select(device => device.Number)];
        if (gpus.Length < devices.Count)
            notice("Use CPU.");
        if (gpus.Length == 0)
            return;
        notice($"Using GPUs {string.Join(", ", gpus)}");
        IReadOnlyList<GpuInfo> found = GpuPlatform.Devices;
        foreach (int gpu in gpus.Where(gpu => gpu < found.Count))
            notice(string.Create(CultureInfo.InvariantCulture, $"GPU {gpu}: {found[gpu].Name}"));
    }

    private static DeviceId OfGpu(string id, string text, string origin) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? new DeviceId(DeviceId.Gpu, number)
            : throw Usage($"{origin} is ids of GPUs separated by commas, as in 0,1, or all; not '{text}'");

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
