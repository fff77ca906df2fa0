using System.Diagnostics;

namespace CaffeActors.Cli.Tests;

/// <summary>The program as a process of its own.</summary>
internal static class CliProcess
{
    /// <summary>How long a line is waited for.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Starts a command line, its output and log in pipes.</summary>
    public static Process Start(params string[] args) => Start([], args);

    /// <summary>Starts a command line with environment variables of its own, its output and log in pipes.</summary>
    public static Process Start((string Name, string Value)[] environment, string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, .. args])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Reads the log until a line comes.</summary>
    public static async Task UntilAsync(this Process process, Func<string, bool> seen)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (seen(line))
                return;
        }

        Assert.Fail("the process ended before the line came");
    }

    /// <summary>Sends a signal, as <c>kill -NAME</c> does.</summary>
    public static void Signal(this Process process, string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", process.Id.ToString()]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> ExitAsync(this Process process)
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
