namespace CaffeActors.Data.Snapshots;

/// <summary>A snapshot as found on disk.</summary>
/// <param name="Iteration">Its iteration, from the files' names.</param>
/// <param name="ResumePath">Where its <c>.resume</c> file is or would be.</param>
/// <param name="Resume">What that file holds; null where it is missing or damaged.</param>
/// <param name="Fault">Why it cannot be resumed from exactly; null where it can.</param>
public sealed record SnapshotEntry(int Iteration, string ResumePath, ResumeState? Resume, string? Fault)
{
    /// <summary>Whether all three files are whole and belong together.</summary>
    public bool IsValid => Fault is null;

    /// <summary>The model file; null where there is no readable <c>.resume</c> to name it.</summary>
    public string? ModelPath => PathOf(Resume?.Model);

    /// <summary>The solver state file; null where there is no readable <c>.resume</c> to name it.</summary>
    public string? StatePath => PathOf(Resume?.State);

    private string? PathOf(FileDigest? file) =>
        file is null ? null : Path.Combine(Path.GetDirectoryName(ResumePath) ?? "", file.File);
}
