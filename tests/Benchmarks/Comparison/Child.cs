using System.Diagnostics;

namespace CaffeActors.Benchmarks.Comparison;

/// <summary>A program that is run to its end.</summary>
internal static class Child
{
    /// <summary>This program itself, whichever way it was started.</summary>
    public static IReadOnlyList<string> Self
    {
        get
        {
            string program = Environment.ProcessPath!;
            return Path.GetFileNameWithoutExtension(program) == "dotnet"
                ? [program, typeof(Child).Assembly.Location] : [program];
        }
    }

    /// <summary>Runs a command; what it writes to the standard error goes there.</summary>
    /// <returns>Its exit code, what it wrote to the standard output, and the most memory its process held, looked at
    /// ten times a second.</returns>
    public static (int Code, string Output, long PeakBytes) Run(IReadOnlyList<string> command)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true };
        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(100))
        {
            process.Refresh();
            peak = Math.Max(peak, PeakOf(process));
        }

        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), peak);
    }

    private static long PeakOf(Process process)
    {
        try
        {
            return process.PeakWorkingSet64;
        }
        catch (InvalidOperationException)
        {
            // It ended between the two questions.
            return 0;
        }
    }
}
