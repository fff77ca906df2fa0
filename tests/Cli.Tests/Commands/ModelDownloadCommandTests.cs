namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Weights of the Model Zoo; the download itself is tested with a server of its own.</summary>
public sealed class ModelDownloadCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task ModelDownload_NeedsACard()
    {
        Assert.Equal(5, await _cli.RunAsync("model", "download", _cli.At("nowhere")));
        Assert.Contains("readme.md", _cli.Error, StringComparison.Ordinal);
    }
}
