using System.Globalization;

namespace CaffeActors.Actors.Devices;

/// <summary>
/// Which device: <c>cpu:0</c>, <c>gpu:1</c>. A run's CPU devices share the machine's cores; each is a share of them.
/// </summary>
/// <param name="Kind">What it is: <see cref="Cpu"/> or <see cref="Gpu"/>.</param>
/// <param name="Number">Which one of its kind, from 0.</param>
public readonly record struct DeviceId(string Kind, int Number)
{
    /// <summary>A share of the processor's cores.</summary>
    public const string Cpu = "cpu";

    /// <summary>An accelerator.</summary>
    public const string Gpu = "gpu";

    /// <summary>The first CPU device.</summary>
    public static DeviceId FirstCpu { get; } = new(Cpu, 0);

    /// <summary>Reads <c>cpu</c> (the first one), <c>cpu:N</c> or <c>gpu:N</c>.</summary>
    /// <returns>Null for any other text.</returns>
    public static DeviceId? TryParse(string text)
    {
        if (text == Cpu)
            return FirstCpu;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && text[..colon] is Cpu or Gpu
            && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? new DeviceId(text[..colon], number)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}:{Number}");
}
