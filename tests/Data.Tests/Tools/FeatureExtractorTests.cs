using System.Text;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tests.Metrics;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class FeatureExtractorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CpuDevice _device = new(threads: 1);
    private readonly Net _net;

    public FeatureExtractorTests()
    {
        NetParameter parameter = TextFormat.Parse<NetParameter>("""
            name: "n" state { phase: TEST }
            layer { name: "data" type: "Data" top: "data" top: "label"
              data_param { source: "raw32_leveldb" batch_size: 4 } }
            layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
              pooling_param { pool: AVE kernel_size: 16 stride: 16 } }
            layer { name: "flat" type: "Flatten" bottom: "pool" top: "flat" }
            """);
        var context = new LayerContext(_device, seed: 0) { ResolvePath = path => Fixture.PathOf(path) };
        _net = NetBuilder.Build(parameter, new NetOptions(
            context, new LayerCatalog(typeof(Layer).Assembly, typeof(BatchLayer).Assembly)));
    }

    public void Dispose()
    {
        _net.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(DataParameter.Types.DB.Lmdb)]
    [InlineData(DataParameter.Types.DB.Leveldb)]
    public void Databases_HoldADatumOfFloatsForEachImage(DataParameter.Types.DB backend)
    {
        var progress = new List<(string, long)>();
        using (var pool = new DatumFeatureSink(_folder.At("pool"), backend))
        using (var flat = new DatumFeatureSink(_folder.At("flat"), backend))
        {
            FeatureExtractor.Extract(
                _net, ["pool", "flat"], [pool, flat], 3, (blob, done) => progress.Add((blob, done)));
        }

        Assert.Equal([("pool", 12), ("flat", 12)], progress);
        using RecordSource pools = RecordSource.Open(_folder.At("pool")), flats = RecordSource.Open(_folder.At("flat"));
        Assert.Equal((12L, 12L), (pools.Count, flats.Count));
        for (int i = 0; i < 12; i++)
        {
            pools.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Datum datum = Datum.Parser.ParseFrom(value);
            Assert.Equal($"{i:D10}", Encoding.ASCII.GetString(key));
            Assert.Equal((3, 2, 2), (datum.Channels, datum.Height, datum.Width));
            Assert.False(datum.HasLabel || datum.HasEncoded || datum.HasData);
            // Twelve images of ten: the first ones come again.
            Assert.Equal(Expected(i % 10), datum.FloatData, (a, b) => MathF.Abs(a - b) < 1e-3f);
            flats.Read(i, out _, out value);
            Datum vector = Datum.Parser.ParseFrom(value);
            Assert.Equal((12, 1, 1), (vector.Channels, vector.Height, vector.Width));
            Assert.Equal(datum.FloatData, vector.FloatData);
        }
    }

    [Fact]
    public void ParquetFile_IsReadByDuckDb()
    {
        using (var sink = new ParquetFeatureSink(_folder.At("deep", "pool.parquet")))
            FeatureExtractor.Extract(_net, ["pool"], [sink], 3);
        List<object?[]> rows = DuckDb.Query(_folder.At("deep"),
            "SELECT index, channels, height, width, len(values), list_sum(values) FROM 'pool.parquet' ORDER BY index");
        Assert.Equal(12, rows.Count);
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal([(long)i, 3, 2, 2, 12L], rows[i][..5]);
            Assert.Equal(Expected(i % 10).Sum(), (double)rows[i][5]!, 0.1);
        }

        Assert.Equal(["pool.parquet"],
            Directory.GetFileSystemEntries(_folder.At("deep")).Select(Path.GetFileName));
        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(
            () => new ParquetFeatureSink(_folder.At("deep", "pool.parquet"))).Code);
    }

    [Fact]
    public void ParquetFile_ThatIsNotCompleted_LeavesNothing()
    {
        using (var sink = new ParquetFeatureSink(_folder.At("f.parquet")))
            sink.Add([1, 2], (2, 1, 1));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void BlobNobodyKnows_IsToldWithTheNearest()
    {
        CaffeException failure = Assert.Throws<CaffeException>(
            () => FeatureExtractor.RequireBlobs(_net, ["pool", "flatt"]));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains("did you mean 'flat'?", failure.Message, StringComparison.Ordinal);
    }

    // Means of the four quarters of each channel.
    private static float[] Expected(int index)
    {
        using RecordSource source = RecordSource.Open(Fixture.PathOf("raw32_lmdb"));
        source.Read(index, out _, out ReadOnlySpan<byte> value);
        byte[] pixels = Datum.Parser.ParseFrom(value).Data.ToByteArray();
        var means = new float[12];
        for (int k = 0; k < pixels.Length; k++)
            means[(k / 1024 * 4) + (k / 512 % 2 * 2) + (k / 16 % 2)] += pixels[k] / 256f;
        return means;
    }
}
