using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using CaffeActors.Cli;
using CaffeActors.Testing;

[assembly: AssemblyFixture(typeof(CaffeActors.Packaging.Tests.PackedFeed))]

namespace CaffeActors.Packaging.Tests;

/// <summary>
/// All packages, packed once for these tests as they were built for them, in a folder that is the only feed of what
/// runs beside it. What they depend on is taken from where the solution was restored to; nothing is fetched. The
/// version is one of its own, so that no other build's packages can be taken for these.
/// </summary>
public sealed class PackedFeed : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The packages' version.</summary>
    public string Version { get; } = $"{ProductVersion}-test.{Guid.NewGuid():N}";

    /// <summary>The version of the program.</summary>
    public static string ProductVersion { get; } = typeof(CommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>This machine, as NuGet calls it.</summary>
    public static string Platform { get; } =
        (OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-")
        + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64");

    /// <summary>The configuration of this build: debug or release.</summary>
    public static string Configuration { get; } =
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>A path in the folder of the feed and of what uses it.</summary>
    public string At(params string[] parts) => _folder.At(parts);

    /// <summary>Writes a file into that folder.</summary>
    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>The path of a package.</summary>
    public string PathOf(string id, string extension = "nupkg") => At("feed", $"{id}.{Version}.{extension}");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{At("feed")}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="restored" value="{PackageFolder}" /></fallbackPackageFolders>
              <packageSourceMapping><clear /></packageSourceMapping>
            </configuration>
            """);
        // The platform's package is packed from the build without a platform, so that nothing is compiled once more;
        // alone, since the two would write the same settings.
        string program = Repository.PathOf("CaffeActors.csproj");
        await PackAsync(program, $"-p:RuntimeIdentifier={Platform}", $"-p:ArtifactsPivots={Configuration}",
            $"-p:PublishDir={At("publish")}/");
        await PackAsync(Repository.PathOf("CaffeActors.sln"), "-p:CreateRidSpecificToolPackages=false");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the SDK, and expects it to succeed.</summary>
    /// <returns>What it wrote.</returns>
    public Task<string> DotnetAsync(string folder, params string[] arguments) =>
        RunAsync(folder, "dotnet", arguments);

    /// <summary>Runs a program, and expects it to succeed.</summary>
    /// <param name="folder">Where it runs: a path in this folder.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it wrote.</returns>
    public async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = At(folder),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Test runs inside a build or a pipeline are not theirs.
        foreach (string name in (string[])["TF_BUILD", "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath"])
            start.Environment.Remove(name);
        start.Environment["NUGET_PACKAGES"] = At("packages");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // The runtime of these tests, wherever it is, for programs that look for one.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        using Process process = Process.Start(start)!;
        CancellationToken token = TestContext.Current.CancellationToken;
        Task<string> error = process.StandardError.ReadToEndAsync(token);
        string output = await process.StandardOutput.ReadToEndAsync(token) + await error;
        await process.WaitForExitAsync(token);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    private static string PackageFolder { get; } = typeof(PackedFeed).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == nameof(PackageFolder)).Value!;

    private Task PackAsync(string project, params string[] more) => DotnetAsync("",
        ["pack", project, "--no-build", "-c", Configuration, "-o", At("feed"), $"-p:PackageVersion={Version}",
            $"-p:NuspecOutputPath={At("nuspec")}", "-v", "quiet", "-nologo", .. more]);
}
