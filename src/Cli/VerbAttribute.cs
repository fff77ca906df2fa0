namespace CaffeActors.Cli;

/// <summary>Registers a command under the words users type, such as <c>net run</c>.</summary>
/// <param name="path">The words.</param>
/// <param name="description">One line for <c>--help</c>.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class VerbAttribute(string path, string description) : Attribute
{
    public string Path => path;

    public string Description => description;

    /// <summary>A command line to show as an example.</summary>
    public string Example { get; init; } = "";

    /// <summary>Whether flags may be written with one dash, as Caffe's (<c>-solver=x</c>).</summary>
    public bool TakesGflags { get; init; }
}
