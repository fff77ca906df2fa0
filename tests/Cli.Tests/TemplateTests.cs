using System.Diagnostics;
using System.Text.Json;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>The template of a layer of one's own: made, built against the program's assemblies without a package feed,
/// and plugged in.</summary>
public sealed class TemplateTests : IDisposable
{
    private static readonly string _template = Repository.PathOf("templates", "layer");

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Template_BuildsAndRuns()
    {
        using JsonDocument settings = JsonDocument.Parse(await File.ReadAllTextAsync(
            Path.Combine(_template, ".template.config", "template.json"), TestContext.Current.CancellationToken));
        string name = settings.RootElement.GetProperty("sourceName").GetString()!;
        Assert.All((string[])["identity", "name", "shortName"], key =>
            Assert.NotEmpty(settings.RootElement.GetProperty(key).GetString()!));
        Instantiate(name, "Mine");

        (int code, string output) = await BuildAsync(_cli.At("Mine", "Mine.csproj"), _cli.At("out"));
        Assert.True(code == 0, output);
        // What the program has is not copied beside the layer.
        Assert.False(File.Exists(_cli.At("out", "CaffeActors.Compute.dll")));
        Assert.Equal(0, await _cli.RunAsync(
            "net", "summary", _cli.At("Mine", "net.prototxt"), "--layers", _cli.At("out", "Mine.dll")));
        Assert.Matches(@"shift\s+ScaledShift\s+2×3\s+1 ", _cli.Out);
    }

    // What dotnet new does with it: the name put in everywhere.
    private void Instantiate(string sourceName, string name)
    {
        foreach (string file in Directory.EnumerateFiles(_template, "*", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(_template, file);
            if (relative.Split(Path.DirectorySeparatorChar)[0] is ".template.config" or "bin" or "obj")
                continue;
            _cli.Write(Path.Combine(name, relative.Replace(sourceName, name, StringComparison.Ordinal)),
                File.ReadAllText(file).Replace(sourceName, name, StringComparison.Ordinal));
        }
    }

    private async Task<(int Code, string Output)> BuildAsync(string project, string output)
    {
        string program = Path.GetDirectoryName(typeof(CommandLine).Assembly.Location)!;
        var start = new ProcessStartInfo("dotnet",
        [
            "build", project, "-o", output, $"-p:CaffeActorsAssemblies={program}", $"-p:RestoreSources={_cli.At()}",
            "-p:UseSharedCompilation=false", "-nodeReuse:false", "-nologo", "-v", "quiet",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, text + await error);
    }
}
