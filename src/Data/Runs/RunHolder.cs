using System.Globalization;

namespace CaffeActors.Data.Runs;

/// <summary>The process that holds a run: the contents of <c>run.lock.json</c>.</summary>
/// <param name="ProcessId">Its number.</param>
/// <param name="Machine">The name of the machine that it runs on.</param>
/// <param name="Since">When it took the run over, UTC.</param>
public sealed record RunHolder(int ProcessId, string Machine, DateTimeOffset Since)
{
    /// <summary>Number, machine and time, for errors.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{ProcessId} on '{Machine}', since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
}
