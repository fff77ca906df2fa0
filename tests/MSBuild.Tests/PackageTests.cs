using System.IO.Compression;
using System.Text.Json;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;
using Task = System.Threading.Tasks.Task;

namespace CaffeActors.MSBuild.Tests;

/// <summary>The package, packed and used by a project of the template that knows nothing of this repository.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string _template = Repository.PathOf("templates", "training");

    private readonly BuiltProject _project = new();

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task PackedPackage_ServesAProjectOutsideTheSolution()
    {
        // Packed as it was built for these tests.
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        Assert.True(await _project.DotnetAsync("pack", Repository.PathOf("src", "MSBuild"), "--no-build", "-c",
            configuration, "-o", _project.At("feed"), $"-p:NuspecOutputPath={_project.At("nuspec")}",
            "-nodeReuse:false"), _project.Output);
        string package = Assert.Single(Directory.GetFiles(_project.At("feed"), "*.nupkg"));
        using (ZipArchive archive = await ZipFile.OpenReadAsync(package, TestContext.Current.CancellationToken))
        {
            string[] entries = [.. archive.Entries.Select(entry => entry.FullName)];
            Assert.Superset(new HashSet<string>
            {
                "build/CaffeActors.MSBuild.targets", "tasks/netstandard2.0/CaffeActors.MSBuild.dll", "README.md",
            }, entries.ToHashSet());
            Assert.DoesNotContain(entries, entry => entry.StartsWith("lib/", StringComparison.Ordinal));
        }

        await InstantiateAsync("Mine");
        string[] outside =
        [
            $"-p:RestoreSources={_project.At("feed")}", $"-p:RestorePackagesPath={_project.At("packages")}",
            $"-p:CaffeActorsTool={BuiltProject.Tool}", "-p:UseSharedCompilation=false",
        ];
        Assert.True(await _project.BuildAsync("Mine/Mine.csproj", "Build", outside), _project.Output);
        Assert.Equal(1, _project.Runs);
        Assert.True(await _project.BuildAsync("Mine/Mine.csproj", "CaffeTrain", outside), _project.Output);
        Assert.Equal(1, _project.Runs);
        Assert.Equal(RunState.Finished, Assert.Single(RunIndex.List(_project.At("Mine", "runs"))).Manifest.State);
        Assert.True(await _project.BuildAsync("Mine/Mine.csproj", "CaffeTrain", outside), _project.Output);
        Assert.Equal(0, _project.Runs);
    }

    // What dotnet new does with the template.
    private async Task InstantiateAsync(string name)
    {
        using JsonDocument settings = JsonDocument.Parse(await File.ReadAllTextAsync(
            Path.Combine(_template, ".template.config", "template.json"), TestContext.Current.CancellationToken));
        string source = settings.RootElement.GetProperty("sourceName").GetString()!;
        foreach (string file in Directory.EnumerateFiles(_template, "*", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(_template, file);
            if (relative.Split(Path.DirectorySeparatorChar)[0] is ".template.config" or "bin" or "obj")
                continue;
            string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            _project.Write(Path.Combine(name, relative.Replace(source, name, StringComparison.Ordinal)),
                text.Replace(source, name, StringComparison.Ordinal));
        }
    }
}
