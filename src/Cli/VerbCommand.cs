using System.CommandLine;

namespace CaffeActors.Cli;

/// <summary>A command of the program: one class, one file, found by its <see cref="VerbAttribute"/>.</summary>
internal abstract class VerbCommand
{
    /// <summary>Adds arguments and options.</summary>
    public abstract void Define(Command command);

    /// <summary>Does it.</summary>
    /// <param name="arguments">The parsed command line.</param>
    /// <param name="terminal">Where to write.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">It cannot be done; told by
    /// <see cref="CommandLine"/>.</exception>
    public abstract Task<int> RunAsync(ParseResult arguments, Terminal terminal);
}
