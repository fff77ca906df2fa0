using CaffeActors.Cli.AzureDevOps;

namespace CaffeActors.Cli;

/// <summary>Where a command writes and what it may ask of its surroundings; tests give their own.</summary>
/// <param name="Out">Results: tables, JSON, values.</param>
/// <param name="Error">The log, the live display and errors.</param>
/// <param name="IsInteractive">Whether a person looks on: a live display is drawn, else plain lines.</param>
/// <param name="Environment">Environment variables.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool IsInteractive, Func<string, string?> Environment)
{
    /// <summary>Logging commands for the agent of a pipeline: where results go, but nothing in them is
    /// changed.</summary>
    public TextWriter Commands { get; init; } = Out;

    /// <summary>Whether the agent of Azure Pipelines reads (it sets TF_BUILD).</summary>
    public bool InAzurePipelines =>
        string.Equals(Environment("TF_BUILD"), "True", StringComparison.OrdinalIgnoreCase);

    /// <summary>The process's own.</summary>
    public static Terminal System()
    {
        Func<string, string?> environment = global::System.Environment.GetEnvironmentVariable;
        bool inPipeline = environment("CI") is not null || environment("TF_BUILD") is not null;
        var terminal = new Terminal(
            Console.Out, Console.Error, !Console.IsErrorRedirected && !inPipeline, environment);
        return terminal.InAzurePipelines
            ? terminal with { Out = new PlainWriter(Console.Out), Error = new PlainWriter(Console.Error) }
            : terminal;
    }
}
