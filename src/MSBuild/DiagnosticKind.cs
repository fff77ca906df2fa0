namespace CaffeActors.MSBuild;

/// <summary>What a line of the program is to a build.</summary>
internal enum DiagnosticKind
{
    /// <summary>Neither of the others.</summary>
    None,

    /// <summary>A warning.</summary>
    Warning,

    /// <summary>An error.</summary>
    Error,
}
