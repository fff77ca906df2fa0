using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Tools;

public sealed class ImageMeanTests
{
    [Fact]
    public void Compute_GivesTheFileThatCaffeWrote()
    {
        BlobProto expected = BlobProto.Parser.ParseFrom(File.ReadAllBytes(Fixture.PathOf("mean32.binaryproto")));
        using var source = new LmdbSource(Fixture.PathOf("raw32_lmdb"));
        var progress = new List<(long, long)>();
        ImageMean mean = ImageMean.Compute(source, (done, all) => progress.Add((done, all)));
        Assert.Equal(expected, mean.ToProto());
        Assert.Equal((10L, 3), (mean.Records, mean.ChannelMeans.Length));
        Assert.Equal(expected.Data.Take(1024).Average(), mean.ChannelMeans[0], 1e-3f);
        Assert.Equal([(10, 10)], progress);
    }

    [Fact]
    public void Compute_NeedsImagesOfOneSize()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbWriter(folder.At("empty")))
            writer.Complete();
        using var empty = new LmdbSource(folder.At("empty"));
        Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(() => ImageMean.Compute(empty)).Code);
        using var mixed = new LmdbSource(Fixture.PathOf("gray_lmdb"));
        Assert.Equal(1, ImageMean.Compute(mixed).Channels);
        var floats = new Datum { Channels = 1, Height = 1, Width = 2 };
        floats.FloatData.Add([2, 4]);
        using (var writer = new LmdbWriter(folder.At("two")))
        {
            writer.Put("a"u8, floats.ToByteArray());
            var bytes = new Datum { Channels = 1, Height = 1, Width = 1, Data = ByteString.CopyFrom(1) };
            writer.Put("b"u8, bytes.ToByteArray());
            writer.Complete();
        }

        using var two = new LmdbSource(folder.At("two"));
        CaffeException failure = Assert.Throws<CaffeException>(() => ImageMean.Compute(two));
        Assert.Equal(ErrorCodes.ShapeMismatch, failure.Code);
        Assert.Contains("'b'", failure.Message, StringComparison.Ordinal);
    }
}
