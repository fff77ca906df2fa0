using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>Collects findings, each once: a net that is looked at in two phases shows most of its faults
/// twice.</summary>
internal sealed class Findings
{
    private readonly HashSet<Finding> _all = [];

    /// <summary>Whether a failure was found before, in whatever words.</summary>
    public bool Has(CaffeException failure) =>
        _all.Any(finding => finding.IsError && finding.Code == failure.Code && finding.Place == failure.Place);

    /// <summary>The findings, by file and place; those without a place come last.</summary>
    public IReadOnlyList<Finding> Sorted =>
    [
        .. _all.OrderBy(finding => finding.Place is null)
            .ThenBy(finding => finding.Place?.Path, StringComparer.Ordinal)
            .ThenBy(finding => finding.Place?.Line).ThenBy(finding => finding.Place?.Column),
    ];

    /// <summary>Adds an error.</summary>
    public void Add(CaffeException failure) =>
        _all.Add(new Finding(IsError: true, failure.Code, failure.Message, failure.Place));

    /// <summary>Adds a failure as a warning.</summary>
    public void Warn(CaffeException failure) => Warn(failure.Code, failure.Message, failure.Place);

    /// <summary>Adds a warning.</summary>
    public void Warn(string code, string text, SourcePlace? place) =>
        _all.Add(new Finding(IsError: false, code, text, place));
}
