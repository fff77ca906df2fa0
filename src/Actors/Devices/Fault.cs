using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Devices;

/// <summary>A failure that is asked for: tests, and who operates runs, see by it how a run ends.</summary>
/// <param name="Point">What fails.</param>
/// <param name="Layer">The layer at whose turn it fails.</param>
/// <param name="Iteration">The iteration, from 0.</param>
public sealed record Fault(FaultPoint Point, string Layer, int Iteration)
{
    /// <summary>The environment variable that asks for one: <c>device:LAYER:ITERATION</c>.</summary>
    public const string Variable = "CAFFEACTORS_FAULT";

    /// <summary>The failure that an environment asks for, or null.</summary>
    /// <param name="environment">Environment variables.</param>
    /// <exception cref="CaffeException">The variable has another form.</exception>
    public static Fault? Of(Func<string, string?> environment)
    {
        if (environment(Variable) is not { Length: > 0 } text)
            return null;
        // A layer's name may have colons.
        int first = text.IndexOf(':', StringComparison.Ordinal), last = text.LastIndexOf(':');
        return first > 0 && last > first + 1
            && text[..first].Equals(nameof(FaultPoint.Device), StringComparison.OrdinalIgnoreCase)
            && int.TryParse(text[(last + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int iteration)
            ? new Fault(FaultPoint.Device, text[(first + 1)..last], iteration)
            : throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"{Variable} is device:LAYER:ITERATION, not '{text}'");
    }

    /// <summary>The failure as a device tells it.</summary>
    /// <param name="device">The device.</param>
    internal static CaffeException On(ReplicaDevice device) => device.Gpu is { } gpu
        ? gpu.Failed(new InvalidOperationException($"{Variable} asks for it"))
        : new CaffeException(
            ErrorCodes.DeviceFailed, FailureKind.Device, $"device {device.Id} failed: {Variable} asks for it");
}
