using System.Text.RegularExpressions;

namespace CaffeActors.Architecture.Tests;

/// <summary>The shape of source files.</summary>
public sealed partial class SourceTests
{
    private const int MostLines = 500;
    private const int MostColumns = 120;

    [Fact]
    public void SourceFiles_AreFound()
    {
        Assert.Contains(Repository.SourceFiles, file => file.Path == "src/Compute/Layers/Layer.cs");
        Assert.Contains(Repository.SourceFiles, file => file.Path == "tests/Architecture.Tests/SourceTests.cs");
        Assert.DoesNotContain(Repository.SourceFiles, file => file.Path.Contains("artifacts/"));
    }

    [Fact]
    public void Files_AreOfReadableLength() =>
        Repository.AssertNone($"A file has at most {MostLines} lines; split these:", Allowance.Apply("lines",
            Repository.SourceFiles.Where(file => file.Lines.Length > MostLines)
                .ToDictionary(file => file.Path, file => file.Lines.Length)));

    [Fact]
    public void Lines_AreOfReadableLength() =>
        Repository.AssertNone($"A line has at most {MostColumns} columns; files and how many are longer:",
            Allowance.Apply("columns",
                Repository.SourceFiles
                    .Select(file => (file.Path, Count: file.Lines.Count(line => line.Length > MostColumns)))
                    .Where(file => file.Count > 0)
                    .ToDictionary(file => file.Path, file => file.Count)));

    [Fact]
    public void Namespaces_AreTheFolders()
    {
        var violations = new List<string>();
        foreach (SourceFile file in Repository.SourceFiles.Where(file => !file.Path.StartsWith("eng/")))
        {
            string[] folders = file.Path.Split('/')[1..^1];
            string expected = string.Join('.', ["CaffeActors", .. folders]);
            string? found = file.Lines.Select(line => NamespaceLine().Match(line))
                .FirstOrDefault(match => match.Success)?.Groups[1].Value;
            // A file of top-level statements has no namespace.
            if (found != expected && !(found is null && file.Path.EndsWith("/Program.cs")))
                violations.Add($"{file.Path}: namespace {found ?? "missing"}, not {expected}");
        }

        Repository.AssertNone("A namespace is file-scoped and says the folder:", violations);
    }

    [GeneratedRegex(@"^namespace ([\w.]+);")]
    private static partial Regex NamespaceLine();
}
