using System.Reflection;

namespace CaffeActors.Architecture.Tests;

/// <summary>The files of the repository these tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] _codeFolders = ["src", "tests", "eng"];
    private static readonly string[] _outputFolders = ["artifacts", "bin", "obj"];

    /// <summary>Its root folder.</summary>
    public static string Root { get; } = Path.GetFullPath(
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!);

    /// <summary>All C# files that people write, not those that programs generate, sorted by path.</summary>
    public static IReadOnlyList<SourceFile> SourceFiles { get; } =
    [
        .. _codeFolders.SelectMany(folder => Files(folder, "*.cs"))
            .Where(path => !path.EndsWith(".g.cs", StringComparison.Ordinal))
            .Select(path => new SourceFile(path, File.ReadAllLines(Path.Combine(Root, path)))),
    ];

    /// <summary>The files under a folder by a pattern, relative to the root, with forward slashes, sorted.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        string full = Path.Combine(Root, folder);
        return !Directory.Exists(full)
            ? []
            : Directory.EnumerateFiles(full, pattern, SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
                .Where(path => !path.Split('/').Intersect(_outputFolders).Any())
                .Order(StringComparer.Ordinal);
    }

    /// <summary>Fails with all violations of a rule, one a line.</summary>
    public static void AssertNone(string rule, IEnumerable<string> violations)
    {
        string[] all = [.. violations];
        Assert.True(all.Length == 0, $"{rule}\n  {string.Join("\n  ", all)}");
    }
}
