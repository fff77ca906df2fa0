using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Sources;

public sealed class RecordWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(DataParameter.Types.DB.Lmdb, "data.mdb")]
    [InlineData(DataParameter.Types.DB.Leveldb, "CURRENT")]
    public void Create_MakesADatabaseThatAppearsWhole(DataParameter.Types.DB backend, string file)
    {
        string path = _folder.At("some", "db");
        using (RecordWriter writer = RecordWriter.Create(path, backend))
        {
            writer.Put("a"u8, "1"u8);
            writer.Put("b"u8, new byte[100_000]);
            Assert.Equal(2, writer.Count);
            Assert.False(Directory.Exists(path));
            writer.Complete();
        }

        Assert.True(File.Exists(Path.Combine(path, file)));
        Assert.Equal(["db"], Directory.GetFileSystemEntries(_folder.At("some")).Select(Path.GetFileName));
        using RecordSource source = RecordSource.Open(path);
        Assert.Equal(2, source.Count);
        Assert.True(source.TryGet("a"u8, out ReadOnlySpan<byte> value) && value.SequenceEqual("1"u8));
    }

    [Theory]
    [InlineData(DataParameter.Types.DB.Lmdb)]
    [InlineData(DataParameter.Types.DB.Leveldb)]
    public void Dispose_WithoutComplete_LeavesNothing(DataParameter.Types.DB backend)
    {
        using (RecordWriter writer = RecordWriter.Create(_folder.At("db"), backend))
            writer.Put("a"u8, "1"u8);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Create_WhereSomethingIs_Fails()
    {
        Directory.CreateDirectory(_folder.At("db"));
        CaffeException failure = Assert.Throws<CaffeException>(
            () => RecordWriter.Create(_folder.At("db"), DataParameter.Types.DB.Leveldb));
        Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("exists already", failure.Message, StringComparison.Ordinal);
        _folder.Write("file", "");
        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(
            () => RecordWriter.Create(_folder.At("file", "db"), DataParameter.Types.DB.Lmdb)).Code);
    }

    [Fact]
    public void Put_OfAKeyThatAnLmdbDoesNotTake_SaysSo()
    {
        using RecordWriter writer = RecordWriter.Create(_folder.At("db"), DataParameter.Types.DB.Lmdb);
        CaffeException failure = Assert.Throws<CaffeException>(() => writer.Put(new byte[512], default));
        Assert.Equal(ErrorCodes.BadRecord, failure.Code);
        Assert.Contains("512 bytes", failure.Message, StringComparison.Ordinal);
    }
}
