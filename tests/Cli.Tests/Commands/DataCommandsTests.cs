using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using SkiaSharp;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Caffe's data tools: convert, compute_image_mean, extract_features; and db copy and verify.</summary>
public sealed class DataCommandsTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("--gray", "--shuffle", "--resize_height=4", "--resize_width=5", "--backend=leveldb")]
    [InlineData("-gray", "-shuffle", "-resize_height", "4", "-resize_width=5", "-backend", "leveldb")]
    [InlineData("--gray=true", "-shuffle=false", "-resize_height", "4", "-resize_width=5", "-backend=leveldb")]
    public async Task ConvertImageset_TakesCaffesFlags(params string[] flags)
    {
        string list = Images(3);
        Assert.True(await _cli.RunAsync(
            ["convert", "imageset", .. flags, "-logtostderr=1", _cli.At() + "/", list, _cli.At("db")]) == 0,
            _cli.Error);
        Assert.Matches(@"\] Processed 3 files\.\n$", _cli.Error);
        Assert.Equal("", _cli.Out);
        Assert.Equal(0, await _cli.RunAsync("db", "stat", _cli.At("db")));
        Assert.Contains("1×4×5: 3", _cli.Out, StringComparison.Ordinal);
        Assert.True(File.Exists(_cli.At("db", "CURRENT")));
    }

    [Fact]
    public async Task ConvertImageset_PassesOverWhatIsNoImage_WithAWarning()
    {
        string list = Images(2);
        await File.AppendAllTextAsync(list, "none.png 5\n", TestContext.Current.CancellationToken);
        string[] command =
            ["convert", "imageset", "--encoded", "--threads", "2", _cli.At() + "/", list, _cli.At("db")];
        Assert.Equal(0, await _cli.RunAsync(command));
        Assert.Matches(@"(?m)^W.*\] record 2 is passed over: .*none\.png'", _cli.Error);
        Assert.Matches(@"\] Processed 2 files\.\n$", _cli.Error);
        Assert.Equal(5, await _cli.RunAsync(command));
        Assert.Contains("exists already", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _cli.RunAsync([.. command, "--backend", "rocksdb"]));
        Assert.Contains("--backend is lmdb or leveldb, not 'rocksdb'", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Siamese_IsALevelDbWhereNothingIsSaid()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8];
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1];
        await File.WriteAllBytesAsync(_cli.At("i"), images, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(_cli.At("l"), labels, TestContext.Current.CancellationToken);
        Assert.Equal(0, await _cli.RunAsync("convert", "mnist_siamese", _cli.At("i"), _cli.At("l"), _cli.At("pairs")));
        Assert.Contains("Processed 4 files.", _cli.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_cli.At("pairs", "CURRENT")));
        Assert.Equal(0, await _cli.RunAsync(
            "convert", "mnist", "-backend=leveldb", _cli.At("i"), _cli.At("l"), _cli.At("mnist")));
        Assert.True(File.Exists(_cli.At("mnist", "CURRENT")));
        Assert.Equal(0, await _cli.RunAsync("db", "verify", _cli.At("mnist"), "--classes", "2"));
    }

    [Fact]
    public async Task Cifar10_MakesTwoDatabases()
    {
        foreach (string name in (string[])["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4",
            "data_batch_5", "test_batch"])
        {
            await File.WriteAllBytesAsync(
                _cli.At(name + ".bin"), new byte[3073], TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, await _cli.RunAsync("convert", "cifar10", _cli.At(), _cli.At("out"), "leveldb"));
        Assert.Equal(0, await _cli.RunAsync("db", "get", _cli.At("out", "cifar10_train_leveldb"), "00004"));
        Assert.Contains("3×32×32", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(2, await _cli.RunAsync("convert", "cifar10", _cli.At(), _cli.At("out"), "sqlite"));
        Assert.Equal(5, await _cli.RunAsync("convert", "cifar10", _cli.At("out"), _cli.At("more"), "lmdb"));
    }

    [Fact]
    public async Task ComputeImageMean_WritesTheFileAndTellsTheChannels()
    {
        string database = _cli.Database();
        Assert.Equal(0, await _cli.RunAsync("compute_image_mean", "-backend=lmdb", database, _cli.At("mean")));
        Assert.Contains("] Processed 40 files.\n", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("] Number of channels: 1\n", _cli.Error, StringComparison.Ordinal);
        Assert.Matches(@"\] mean_value channel \[0\]: [\d.]+\n", _cli.Error);
        BlobProto mean = BlobProto.Parser.ParseFrom(
            await File.ReadAllBytesAsync(_cli.At("mean"), TestContext.Current.CancellationToken));
        Assert.Equal((1, 1, 8, 8, 64), (mean.Num, mean.Channels, mean.Height, mean.Width, mean.Data.Count));
        Assert.Equal(0, await _cli.RunAsync("compute_image_mean", database));
        Assert.DoesNotContain("Write to", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DbCopy_GoesThereAndBack()
    {
        string database = _cli.Database();
        Assert.Equal(0, await _cli.RunAsync("db", "copy", database, _cli.At("there")));
        Assert.Contains("Copied 40 records.", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _cli.RunAsync("db", "copy", _cli.At("there"), _cli.At("back")));
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(database, "data.mdb"),
                TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(_cli.At("back", "data.mdb"), TestContext.Current.CancellationToken));
        Assert.Equal(5, await _cli.RunAsync("db", "copy", _cli.At("there"), _cli.At("back")));
        Assert.Equal(0, await _cli.RunAsync(
            "db", "copy", _cli.At("there"), _cli.At("same"), "--backend", "leveldb"));
        Assert.True(File.Exists(_cli.At("same", "CURRENT")));
    }

    [Fact]
    public async Task DbVerify_NamesTheFirstBadKey()
    {
        string database = _cli.Database(classes: 3);
        Assert.Equal(0, await _cli.RunAsync("db", "verify", database, "--classes", "3"));
        Assert.Contains("all 40 records are sound", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(5, await _cli.RunAsync("db", "verify", database, "--classes", "2"));
        Assert.Contains("'00000002'", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _cli.RunAsync("db", "verify", database, "--classes", "0"));
    }

    [Fact]
    public async Task ExtractFeatures_TakesCaffesArguments()
    {
        Assert.Equal(0, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        string weights = _cli.At("snap_iter_6.caffemodel"), net = _cli.At("net.prototxt");
        Assert.True(await _cli.RunAsync("extract_features", weights + "," + weights, net, "ip,data",
            $"{_cli.At("ip")},{_cli.At("data")}", "3", "leveldb", "CPU", "DEVICE_ID=0") == 0, _cli.Error);
        Assert.Contains("Extracted features of 12 query images for feature blob ip", _cli.Error,
            StringComparison.Ordinal);
        Assert.Contains("Successfully extracted the features!", _cli.Error, StringComparison.Ordinal);
        using (RecordSource source = RecordSource.Open(_cli.At("ip")))
        {
            Assert.True(source.TryGet("0000000011"u8, out ReadOnlySpan<byte> value));
            Assert.Equal(3, Datum.Parser.ParseFrom(value).FloatData.Count);
        }

        Assert.Equal(0, await _cli.RunAsync("extract_features", weights, net, "ip", _cli.At("ip.parquet"), "1",
            "parquet"));
        Assert.True(File.Exists(_cli.At("ip.parquet")));
        Assert.Equal(2, await _cli.RunAsync("extract_features", weights, net, "ip", "a,b", "1", "lmdb"));
        Assert.Equal(2, await _cli.RunAsync("extract_features", weights, net, "op", _cli.At("op"), "1", "lmdb"));
        Assert.Equal(2, await _cli.RunAsync("extract_features", weights, net, "ip", _cli.At("op"), "1", "csv"));
        Assert.Equal(7, await _cli.RunAsync(
            "extract_features", weights, net, "ip", _cli.At("op"), "1", "lmdb", "GPU", "DEVICE_ID=99"));
        Assert.Equal(2, await _cli.RunAsync(
            "extract_features", weights, net, "ip", _cli.At("op"), "1", "lmdb", "GPU", "1"));
        Assert.False(Path.Exists(_cli.At("op")));
    }

    private string Images(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using var bitmap = new SKBitmap(6, 7);
            bitmap.Erase(new SKColor((byte)(i * 20), 100, 200));
            using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(_cli.At($"{i}.png"), data.ToArray());
        }

        return _cli.Write("list.txt", string.Concat(Enumerable.Range(0, count).Select(i => $"{i}.png {i}\n")));
    }
}
