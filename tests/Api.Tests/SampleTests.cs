using CaffeActors.Testing;

namespace CaffeActors.Api.Tests;

/// <summary>The sample of the documentation compiles, runs, and is what the documentation shows.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sample_Learns()
    {
        (float before, float after, float leastSure) = Sample.Run(_folder.Path);
        Assert.True(after < before / 2, $"{before} -> {after}");
        Assert.InRange(leastSure, 0.5f, 1);
    }

    [Fact]
    public void Page_ShowsTheSample()
    {
        string[] page = File.ReadAllLines(Repository.PathOf("docs", "from-pycaffe.md"));
        int start = Array.IndexOf(page, "```csharp") + 1;
        string[] shown = page[start..Array.IndexOf(page, "```", start)];
        string[] code =
        [
            .. File.ReadLines(Repository.PathOf("tests", "Api.Tests", "Sample.cs"))
                .SkipWhile(line => !line.EndsWith("// sample begins", StringComparison.Ordinal)).Skip(1)
                .TakeWhile(line => !line.EndsWith("// sample ends", StringComparison.Ordinal))
                .Select(line => line.Length == 0 ? line : line[8..]),
        ];
        Assert.Equal(shown, code);
    }
}
