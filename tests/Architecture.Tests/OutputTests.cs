namespace CaffeActors.Architecture.Tests;

/// <summary>What a build puts beside the program.</summary>
public sealed class OutputTests
{
    [Fact]
    public void NativeLibraries_AreThoseOfThisPlatform()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string[] platforms =
        [
            .. Directory.GetDirectories(Path.Combine(AppContext.BaseDirectory, "runtimes"))
                .Where(folder => Directory.Exists(Path.Combine(folder, "native")))
                .Select(folder => Path.GetFileName(folder)!),
        ];
        // Libraries for a system, whatever the processor, may lie in a folder of their own.
        Assert.InRange(platforms.Length, 1, 2);
        Assert.All(platforms, platform => Assert.StartsWith(system, platform));
        Assert.Contains(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "runtimes"), "*duckdb*",
            SearchOption.AllDirectories), file => Path.GetDirectoryName(file)!.EndsWith("native"));
    }
}
