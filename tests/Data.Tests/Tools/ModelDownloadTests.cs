using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

[SuppressMessage("Security", "CA5350", Justification = "SHA-1 is what the Model Zoo has.")]
public sealed class ModelDownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client =
        new(new HttpClientHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly List<string> _notices = [];

    private static byte[] Weights { get; } = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];

    private string File1 => _folder.At("net.caffemodel");

    private string Part => File1 + ModelDownload.PartSuffix;

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    private void Card(string address, string? sha1 = null) => _folder.Write("readme.md", $"""
        ---
        name: A Net
        caffemodel: net.caffemodel
        caffemodel_url: {address}some/net.caffemodel
        license: unrestricted
        sha1: {sha1 ?? Convert.ToHexString(SHA1.HashData(Weights))}
        ---

        # A net
        sha1: not this one
        """);

    private Task<string> RunAsync(TimeSpan? patience = null) =>
        new ModelDownload(_client, _notices.Add) { Patience = patience ?? TimeSpan.FromMinutes(1) }.RunAsync(
            _folder.Path, TestContext.Current.CancellationToken);

    private async Task<CaffeException> RefusalAsync(TimeSpan? patience = null)
    {
        var failure = await Assert.ThrowsAsync<CaffeException>(() => RunAsync(patience));
        Assert.Equal(FailureKind.Data, failure.Kind);
        return failure;
    }

    [Fact]
    public async Task Weights_AreFetchedOnceAndChecked()
    {
        using var server = new ModelServer(Weights);
        Card(server.Address);
        Assert.Equal(File1, await RunAsync());
        Assert.Equal(Weights, File.ReadAllBytes(File1));
        Assert.Equal(["net.caffemodel", "readme.md"], _folder.Names().Order());
        Assert.Equal(
            $"Downloading A Net (license: unrestricted) from {server.Address}some/net.caffemodel, 0.2 MB", _notices[0]);
        await RunAsync();
        Assert.Equal(["/some/net.caffemodel"], server.Requests);
        Assert.EndsWith("is there already, with the right SHA-1.", _notices[^1]);
    }

    [Fact]
    public async Task FileWithAnotherHash_IsReplaced()
    {
        using var server = new ModelServer(Weights);
        Card(server.Address);
        File.WriteAllBytes(File1, [1, 2, 3]);
        await RunAsync();
        Assert.Equal(Weights, File.ReadAllBytes(File1));
        Assert.Contains("has another SHA-1", _notices[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenDownload_GoesOnWhereItBroke()
    {
        using var server = new ModelServer(Weights) { BreaksAfter = 120_000 };
        Card(server.Address);
        CaffeException failure = await RefusalAsync();
        Assert.Equal(ErrorCodes.SourceUnreadable, failure.Code);
        Assert.Contains("run it again", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(File1));
        long have = new FileInfo(Part).Length;
        Assert.InRange(have, 1, 120_000);
        server.BreaksAfter = -1;
        await RunAsync();
        Assert.Equal(Weights, File.ReadAllBytes(File1));
        Assert.False(File.Exists(Part));
        Assert.Equal($"/some/net.caffemodel bytes={have}-", server.Requests[^1]);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(200_000)]
    [InlineData(300_000)]
    public async Task PartThatIsAnothers_IsDroppedAndFetchedAnew(int length)
    {
        using var server = new ModelServer(Weights);
        Card(server.Address);
        File.WriteAllBytes(Part, new byte[length]);
        await RunAsync();
        Assert.Equal(Weights, File.ReadAllBytes(File1));
        Assert.Equal(2, server.Requests.Count);
        Assert.Contains(_notices, notice => notice.Contains("from the beginning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WholePart_OnlyGetsItsName()
    {
        using var server = new ModelServer(Weights);
        Card(server.Address);
        File.WriteAllBytes(Part, Weights);
        await RunAsync();
        Assert.Equal(Weights, File.ReadAllBytes(File1));
    }

    [Fact]
    public async Task ServerWithoutRanges_GivesAllOfItAgain()
    {
        using var server = new ModelServer(Weights) { GivesRanges = false };
        Card(server.Address);
        File.WriteAllBytes(Part, Weights[..1000]);
        await RunAsync();
        Assert.Equal(Weights, File.ReadAllBytes(File1));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task WrongHash_IsRefusedAndNothingKept()
    {
        using var server = new ModelServer(Weights);
        Card(server.Address, new string('a', 40));
        CaffeException failure = await RefusalAsync();
        Assert.Equal(ErrorCodes.BadRecord, failure.Code);
        Assert.Contains(new string('a', 40), failure.Message, StringComparison.Ordinal);
        Assert.Equal(["readme.md"], _folder.Names());
    }

    [Fact]
    public async Task ServersRefusal_IsTold()
    {
        using var server = new ModelServer(Weights) { Status = 404 };
        Card(server.Address);
        CaffeException failure = await RefusalAsync();
        Assert.Equal(ErrorCodes.SourceUnreadable, failure.Code);
        Assert.Contains("404", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoServer_IsTold()
    {
        string address;
        using (var server = new ModelServer(Weights))
            address = server.Address;
        Card(address);
        Assert.Equal(ErrorCodes.SourceUnreadable, (await RefusalAsync()).Code);
    }

    [Theory]
    [InlineData("caffemodel: net.caffemodel", "caffemodel: ../net.caffemodel", 3, "'../net.caffemodel'")]
    [InlineData("caffemodel: net.caffemodel", "caffemodel: ..", 3, "'..'")]
    [InlineData("caffemodel_url: http", "caffemodel_url: ftp", 4, "by http or https")]
    [InlineData("sha1: ", "sha1: z", 6, "40 hexadecimal digits")]
    [InlineData("sha1: ", "sha: ", 1, "no 'sha1'")]
    [InlineData("---\n", "# A net\n", 1, "does not begin with a head")]
    public async Task BadCards_AreToldWithTheLine(string text, string replacement, int line, string part)
    {
        Card("http://127.0.0.1:9/");
        string card = _folder.At("readme.md");
        File.WriteAllText(card, File.ReadAllText(card).ReplaceLineEndings("\n").Replace(text, replacement));
        CaffeException failure = await RefusalAsync();
        Assert.Equal(new SourcePlace(card, line, 1), failure.Place);
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoCard_IsTold()
    {
        CaffeException failure = await RefusalAsync();
        Assert.Equal(ErrorCodes.FileNotFound, failure.Code);
        Assert.Contains("readme.md", failure.Message, StringComparison.Ordinal);
    }
}
