using CaffeActors.Compute.Diagnostics;

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

    /// <summary>Reads Caffe's <c>--gpu</c>: <c>0,1</c> or <c>all</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="origin">The flag, for errors.</param>
    /// <exception cref="CaffeException">There is no such device.</exception>
    public static IReadOnlyList<DeviceId> OfGpus(string text, string origin) => text == "all"
        ? throw NoDevice("GPU", origin)
        : Parse([.. text.Split(',', StringSplitOptions.TrimEntries).Select(number => $"{DeviceId.Gpu}:{number}")],
            origin);

    /// <summary>Refuses devices that are no CPU: this build has none.</summary>
    /// <param name="devices">What was asked for.</param>
    /// <param name="origin">By which flag or key.</param>
    /// <exception cref="CaffeException">There is one.</exception>
    public static void RequireCpu(IEnumerable<DeviceId> devices, string origin)
    {
        foreach (DeviceId device in devices.Where(device => device.Kind != DeviceId.Cpu))
            throw NoDevice(device.ToString(), origin);
    }

    /// <summary>The failure of a device that this build does not have.</summary>
    /// <param name="device">What was asked for.</param>
    /// <param name="origin">By which flag or key.</param>
    public static CaffeException NoDevice(string device, string origin) =>
        new(ErrorCodes.DeviceFailed, FailureKind.Device,
            $"there is no {device}: this build computes on the CPU; leave {origin} out");

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
