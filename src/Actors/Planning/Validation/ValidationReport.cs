namespace CaffeActors.Actors.Planning.Validation;

/// <summary>What a look at a file has found.</summary>
/// <param name="Kind">What the file is: <c>net</c>, <c>solver</c>, <c>configuration</c> or
/// <c>plan</c>.</param>
/// <param name="Findings">Errors and warnings, by file and place.</param>
/// <param name="Nets">The nets that could be built.</param>
/// <param name="MemoryNeeded">Bytes of the host's memory that training (or, of a net by itself, running it) is certain
/// to need; null where that could not be told.</param>
/// <param name="Memory">Bytes there are.</param>
public sealed record ValidationReport(
    string Kind, IReadOnlyList<Finding> Findings, IReadOnlyList<NetFacts> Nets, long? MemoryNeeded, long Memory)
{
    /// <summary>Errors among the findings.</summary>
    public int Errors => Findings.Count(finding => finding.IsError);

    /// <summary>Warnings among the findings.</summary>
    public int Warnings => Findings.Count - Errors;
}
