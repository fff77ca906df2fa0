using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Doctor;

/// <summary>One thing that <c>doctor</c> has looked at.</summary>
/// <param name="Group">What it belongs to: machine, disk, data.</param>
/// <param name="Name">What it is.</param>
/// <param name="Value">What was found.</param>
internal sealed record Checkup(string Group, string Name, string Value)
{
    /// <summary>What to do about it; empty, the default, where all is well.</summary>
    public string Advice { get; init; } = "";

    /// <summary>What a run would fail by; null, the default, where it would not.</summary>
    public FailureKind? Broken { get; init; }

    /// <summary>The result in a word.</summary>
    public string Status => Broken is not null ? "broken" : Advice.Length > 0 ? "warning" : "ok";
}
