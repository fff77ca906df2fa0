using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class CifarConverterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(DataParameter.Types.DB.Lmdb, "lmdb")]
    [InlineData(DataParameter.Types.DB.Leveldb, "leveldb")]
    public void Convert_MakesTheTwoDatabasesOfCaffe(DataParameter.Types.DB backend, string kind)
    {
        Batches();
        (string train, string test) = CifarConverter.Convert(_folder.At("in"), _folder.At("out"), backend);
        Assert.Equal((_folder.At("out", $"cifar10_train_{kind}"), _folder.At("out", $"cifar10_test_{kind}")),
            (train, test));
        using RecordSource records = RecordSource.Open(train), testRecords = RecordSource.Open(test);
        Assert.Equal((15L, 3L), (records.Count, testRecords.Count));
        records.Read(7, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
        Datum datum = Datum.Parser.ParseFrom(value);
        Assert.Equal("00007", Encoding.ASCII.GetString(key));
        // The second record of the third file.
        Assert.Equal((3, 32, 32, 1), (datum.Channels, datum.Height, datum.Width, datum.Label));
        Assert.Equal(Enumerable.Range(0, 3072).Select(k => (byte)(k + 1 + 2)), datum.Data);
    }

    [Fact]
    public void Convert_OfACutOrMissingFile_SaysWhich()
    {
        Batches();
        File.WriteAllBytes(_folder.At("in", "data_batch_3.bin"), new byte[3072]);
        Fails("data_batch_3.bin");
        File.Delete(_folder.At("in", "data_batch_2.bin"));
        Fails("data_batch_2.bin");

        void Fails(string name)
        {
            CaffeException failure = Assert.Throws<CaffeException>(() => CifarConverter.Convert(
                _folder.At("in"), _folder.At("out"), DataParameter.Types.DB.Lmdb));
            Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Contains(name, failure.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_folder.At("out")));
        }
    }

    // Three records in each file: record i of file f has label i, and pixels k + i + f.
    private void Batches()
    {
        Directory.CreateDirectory(_folder.At("in"));
        string[] names = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
        for (int f = 0; f < names.Length; f++)
        {
            File.WriteAllBytes(_folder.At("in", names[f] + ".bin"), [.. Enumerable.Range(0, 3).SelectMany(
                i => Enumerable.Range(0, 3072).Select(k => (byte)(k + i + f)).Prepend((byte)i))]);
        }
    }
}
