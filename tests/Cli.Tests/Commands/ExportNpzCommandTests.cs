using System.IO.Compression;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>export npz.</summary>
public sealed class ExportNpzCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Weights_AreArrays()
    {
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        byte[][] files = new byte[3][];
        string[] sources = [_cli.At("snap_iter_6.caffemodel"), _cli.At("snap_iter_6.solverstate"), "latest"];
        for (int i = 0; i < sources.Length; i++)
        {
            string output = _cli.At($"{i}.npz");
            int code = await _cli.RunAsync("export", "npz", sources[i], output, "--output-root", _cli.At("runs"));
            Assert.True(code == ExitCodes.Done, _cli.Error);
            Assert.Equal(output + Environment.NewLine, _cli.Out);
            files[i] = await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken);
        }

        Assert.Equal(files[0], files[1]);
        Assert.Equal(files[0], files[2]);
        using var archive = new ZipArchive(new MemoryStream(files[0]));
        Assert.Equal(["ip/0.npy", "ip/1.npy"], archive.Entries.Select(entry => entry.FullName));
        // 3 x 64 weights and 3 biases behind a header of 128 bytes.
        Assert.Equal([128 + (4 * 192), 128 + (4 * 3)], archive.Entries.Select(entry => entry.Length));
    }

    [Theory]
    [InlineData("none.caffemodel", "w.npz", ExitCodes.Data, "there is no file")]
    [InlineData("none.caffemodel", "w.txt", ExitCodes.Configuration, "ends with .npz")]
    public async Task WrongUse_IsRefused(string weights, string output, int code, string why)
    {
        Assert.Equal(code, await _cli.RunAsync("export", "npz", _cli.At(weights), _cli.At(output)));
        Assert.Contains(why, _cli.Error);
    }
}
