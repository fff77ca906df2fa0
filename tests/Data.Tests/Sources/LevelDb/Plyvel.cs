using System.Diagnostics;

namespace CaffeActors.Data.Tests.Sources.LevelDb;

/// <summary>LevelDB itself, by way of Debian's python3-plyvel.</summary>
internal static class Plyvel
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Runs a script.</summary>
    /// <returns>Its exit code and what it wrote to stderr; null where plyvel is not installed.</returns>
    public static async Task<(int Code, string Error)?> RunAsync(string script, params string[] args)
    {
        if (!File.Exists(Python) || (await StartAsync("-c", "import plyvel")).Code != 0)
            return null;
        return await StartAsync([script, .. args]);
    }

    private static async Task<(int Code, string Error)> StartAsync(params string[] args)
    {
        using Process process = Process.Start(new ProcessStartInfo(Python, args) { RedirectStandardError = true })!;
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, error);
    }
}
