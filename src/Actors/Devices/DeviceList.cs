using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Actors.Devices;

/// <summary>The devices of a run, one replica each.</summary>
public static class DeviceList
{
    /// <summary>The most devices of one process.</summary>
    public const int Most = 64;

    /// <summary>Reads <c>cpu:0,cpu:1</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="origin">The flag or key, for errors.</param>
    /// <exception cref="CaffeException">It names no device, one twice, or more than <see cref="Most"/>.</exception>
    public static IReadOnlyList<DeviceId> Parse(string text, string origin) =>
        Parse(text.Split(',', StringSplitOptions.TrimEntries), origin);

    /// <summary>Reads the names of some devices.</summary>
    /// <param name="names">The names.</param>
    /// <param name="origin">The flag or key, for errors.</param>
    /// <exception cref="CaffeException">It names no device, one twice, or more than <see cref="Most"/>.</exception>
    public static IReadOnlyList<DeviceId> Parse(IReadOnlyList<string> names, string origin)
    {
        List<DeviceId> devices = [];
        foreach (string name in names)
        {
            DeviceId device = DeviceId.TryParse(name)
                ?? throw Usage($"{origin} names devices as cpu:0 or gpu:1, not '{name}'");
            if (devices.Contains(device))
                throw Usage($"{origin} names {device} twice; a device trains one replica");
            devices.Add(device);
        }

        return devices.Count <= Most ? devices
            : throw Usage($"{origin} names {devices.Count} devices; at most {Most} train together");
    }

    /// <summary>
    /// The devices of a run whose user named none: what its solver asks for, by Caffe's fields. A CPU behind a GPU's
    /// interface is not what <c>solver_mode: GPU</c> means.
    /// </summary>
    /// <param name="solver">The solver: <c>solver_mode</c>, default GPU, and <c>device_id</c>, default 0.</param>
    /// <param name="warning">Hears where it asks for a GPU in vain.</param>
    public static IReadOnlyList<DeviceId> Of(SolverParameter solver, Action<string> warning)
    {
        if (solver.SolverMode != SolverParameter.Types.SolverMode.Gpu)
            return [DeviceId.FirstCpu];
        if (GpuPlatform.Devices.Any(gpu => gpu.Number == solver.DeviceId && !gpu.IsCpu))
            return [new DeviceId(DeviceId.Gpu, solver.DeviceId)];
        warning($"The solver asks for GPU {solver.DeviceId}, which this machine does not have: the CPU is used.");
        return [DeviceId.FirstCpu];
    }

    /// <summary>Deals threads out to devices that share the cores: the first ones get what is left over.</summary>
    /// <param name="threads">Threads in all, at least 1.</param>
    /// <param name="devices">Number of devices, at least 1.</param>
    /// <returns>The threads of each, at least 1.</returns>
    public static IReadOnlyList<int> Deal(int threads, int devices) =>
    [
        .. Enumerable.Range(0, devices).Select(i => Math.Max(1, (threads / devices) + (i < threads % devices ? 1 : 0))),
    ];

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
