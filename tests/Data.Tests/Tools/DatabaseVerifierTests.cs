using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Tools;

public sealed class DatabaseVerifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("raw32_lmdb")]
    [InlineData("encoded_lmdb")]
    [InlineData("raw32_leveldb")]
    public void Verify_OfWhatCaffeMade_FindsNothing(string name)
    {
        using RecordSource source = RecordSource.Open(Fixture.PathOf(name));
        var progress = new List<(long, long)>();
        Assert.Equal(10, DatabaseVerifier.Verify(source, 4, threads: 3, progress: (d, all) => progress.Add((d, all))));
        Assert.Equal([(10, 10)], progress);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Verify_NamesTheFirstRecordThatIsWrong(int threads)
    {
        Datum good = new() { Channels = 1, Height = 2, Width = 2, Label = 3, Data = ByteString.CopyFrom(1, 2, 3, 4) };
        Datum other = new() { Channels = 1, Height = 1, Width = 2, Label = 3, Data = ByteString.CopyFrom(1, 2) };
        byte[] sound = good.ToByteArray();
        Fails(ErrorCodes.BadRecord, sound, [0xFF, 0xFF]);
        Fails(ErrorCodes.BadRecord, sound, new Datum(good) { Width = 3 }.ToByteArray());
        Fails(ErrorCodes.BadRecord, sound, new Datum { Encoded = true, Data = good.Data }.ToByteArray());
        Fails(ErrorCodes.ShapeMismatch, sound, other.ToByteArray());
        Fails(ErrorCodes.LabelOutOfRange, sound, new Datum(good) { Label = 4 }.ToByteArray());
        Fails(ErrorCodes.LabelOutOfRange, sound, new Datum(good) { Label = -1 }.ToByteArray());
        using RecordSource source = Database(sound, other.ToByteArray());
        Assert.Equal(40, DatabaseVerifier.Verify(source, 4, anySize: true, threads));
        Assert.Throws<CaffeException>(() => DatabaseVerifier.Verify(source, 4, threads: threads));

        void Fails(string code, byte[] first, byte[] wrong)
        {
            using RecordSource source = Database(first, wrong);
            CaffeException failure = Assert.Throws<CaffeException>(
                () => DatabaseVerifier.Verify(source, 4, threads: threads));
            Assert.Equal((code, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Contains("'key17'", failure.Message, StringComparison.Ordinal);
        }
    }

    // 40 records; the ones from the 18th on are the wrong ones.
    private RecordSource Database(byte[] first, byte[] wrong)
    {
        string path = _folder.At(Path.GetRandomFileName());
        using (RecordWriter writer = RecordWriter.Create(path, DataParameter.Types.DB.Leveldb))
        {
            for (int i = 0; i < 40; i++)
                writer.Put(Encoding.ASCII.GetBytes($"key{i:D2}"), i < 17 ? first : wrong);
            writer.Complete();
        }

        return RecordSource.Open(path);
    }
}
