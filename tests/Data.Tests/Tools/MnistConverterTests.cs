using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class MnistConverterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Convert_MakesTheRecordsOfCaffe(bool zip)
    {
        var progress = new List<(long, long)>();
        Assert.Equal(2500, MnistConverter.Convert(IdxSamples.Images(_folder.At("i"), 2500, zip: zip),
            IdxSamples.Labels(_folder.At("l"), 2500, zip), _folder.At("db"), (done, all) => progress.Add((done, all))));
        Assert.Equal([(1000, 2500), (2000, 2500), (2500, 2500)], progress);
        Assert.Equal(["data.mdb"], Directory.GetFileSystemEntries(_folder.At("db")).Select(Path.GetFileName));
        Assert.Equal(3, Directory.GetFileSystemEntries(_folder.Path).Length);
        using var source = new LmdbSource(_folder.At("db"));
        Assert.Equal(2500, source.Count);
        source.Read(1234, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
        Assert.Equal("00001234", Encoding.ASCII.GetString(key));
        Datum datum = Datum.Parser.ParseFrom(value);
        Assert.Equal((1, 2, 3, 4), (datum.Channels, datum.Height, datum.Width, datum.Label));
        Assert.True(datum.HasLabel && !datum.HasEncoded);
        Assert.Equal([210, 211, 212, 213, 214, 215], datum.Data.ToByteArray());
    }

    [Fact]
    public void Convert_MakesALevelDbToo()
    {
        string images = IdxSamples.Images(_folder.At("i"), 30), labels = IdxSamples.Labels(_folder.At("l"), 30);
        MnistConverter.Convert(images, labels, _folder.At("l30"), backend: DataParameter.Types.DB.Leveldb);
        MnistConverter.Convert(images, labels, _folder.At("m30"));
        using RecordSource source = RecordSource.Open(_folder.At("l30")), same = RecordSource.Open(_folder.At("m30"));
        Assert.True(File.Exists(_folder.At("l30", "CURRENT")));
        Assert.Equal(30, source.Count);
        source.Read(29, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
        Assert.True(same.TryGet(key, out ReadOnlySpan<byte> expected) && expected.SequenceEqual(value));
    }

    [Fact]
    public void Convert_OfDamagedFiles_LeavesNothing()
    {
        string images = IdxSamples.Images(_folder.At("i"), 30), labels = IdxSamples.Labels(_folder.At("l"), 30);
        Fails(ErrorCodes.SourceUnreadable, IdxSamples.Images(_folder.At("cut"), 30, cut: 3), labels);
        Fails(ErrorCodes.SourceUnreadable, labels, images);
        Fails(ErrorCodes.SourceUnreadable, _folder.At("none"), labels);
        Fails(ErrorCodes.BadRecord, images, IdxSamples.Labels(_folder.At("few"), 29));
        string zipped = IdxSamples.Images(_folder.At("z"), 30, zip: true);
        File.WriteAllBytes(zipped, File.ReadAllBytes(zipped)[..40]);
        Fails(ErrorCodes.SourceUnreadable, zipped, labels);

        void Fails(string code, string imageFile, string labelFile)
        {
            Assert.Equal(code, Assert.Throws<CaffeException>(
                () => MnistConverter.Convert(imageFile, labelFile, _folder.At("db"))).Code);
            Assert.Empty(Directory.GetDirectories(_folder.Path));
        }
    }

    [Fact]
    public void Convert_ToAPlaceThatIsTaken_Fails()
    {
        Directory.CreateDirectory(_folder.At("db"));
        CaffeException failure = Assert.Throws<CaffeException>(() => MnistConverter.Convert(
            IdxSamples.Images(_folder.At("i"), 3), IdxSamples.Labels(_folder.At("l"), 3), _folder.At("db")));
        Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("db")));
    }

    [Fact]
    public void Convert_ClearsAwayWhatAKilledOneLeft_ButNotWhatAnotherIsMaking()
    {
        Directory.CreateDirectory(_folder.At("db.part-killed"));
        File.WriteAllText(_folder.At("db.part-killed.lock"), "");
        File.WriteAllText(Path.Combine(_folder.At("db.part-killed"), "data.mdb"), "half");
        Directory.CreateDirectory(_folder.At("db.part-living"));
        using (new FileStream(_folder.At("db.part-living.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            string images = IdxSamples.Images(_folder.At("i"), 3), labels = IdxSamples.Labels(_folder.At("l"), 3);
            MnistConverter.Convert(images, labels, _folder.At("db"));
        }

        Assert.Equal(["db", "db.part-living"],
            Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.False(File.Exists(_folder.At("db.part-killed.lock")));
    }
}
