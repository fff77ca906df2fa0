namespace CaffeActors.Compute.Diagnostics;

/// <summary>A place in a file of the user's.</summary>
/// <param name="Path">The file as the user named it; empty for text that came from no file.</param>
/// <param name="Line">Line, 1-based; 0 where only the file is known.</param>
/// <param name="Column">Column, 1-based, in UTF-16 units; 0 where only the line or file is known.</param>
public readonly record struct SourcePlace(string Path, int Line = 0, int Column = 0)
{
    /// <summary>The form MSBuild and Azure Pipelines read: <c>PATH(LINE,COLUMN)</c>.</summary>
    public override string ToString() => Line == 0 ? Path : Column == 0 ? $"{Path}({Line})"
        : $"{Path}({Line},{Column})";
}
