namespace CaffeActors.Cli;

/// <summary>Registers a command under the words users type, such as <c>net run</c>.</summary>
/// <param name="path">The words.</param>
/// <param name="description">One line for <c>--help</c>.</param>
/// <param name="example">A command line to show as an example.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class VerbAttribute(string path, string description, string example) : Attribute
{
    public string Path => path;

    public string Description => description;

    public string Example => example;

    /// <summary>What else there is to know, for <c>--help</c>: lines of at most 100 characters. Default:
    /// nothing.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Whether flags may be written with one dash, as Caffe's (<c>-solver=x</c>).</summary>
    public bool TakesGflags { get; init; }
}
