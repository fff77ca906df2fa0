using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.LevelDb;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class DatabaseCopyTests
{
    [Fact]
    public void Copy_ThereAndBack_KeepsEveryByte()
    {
        using var folder = new TemporaryFolder();
        using var source = new LmdbSource(Fixture.PathOf("encoded_lmdb"));
        Assert.Equal(10, DatabaseCopy.Copy(source, folder.At("there"), DataParameter.Types.DB.Leveldb));
        using var there = new LevelDbSource(folder.At("there"));
        var progress = new List<(long, long)>();
        DatabaseCopy.Copy(there, folder.At("back"), DataParameter.Types.DB.Lmdb, (d, all) => progress.Add((d, all)));
        Assert.Equal([(10, 10)], progress);
        using var back = new LmdbSource(folder.At("back"));
        for (int i = 0; i < 10; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            there.Read(i, out ReadOnlySpan<byte> thereKey, out ReadOnlySpan<byte> thereValue);
            Assert.True(key.SequenceEqual(thereKey) && value.SequenceEqual(thereValue));
            back.Read(i, out ReadOnlySpan<byte> backKey, out ReadOnlySpan<byte> backValue);
            Assert.True(key.SequenceEqual(backKey) && value.SequenceEqual(backValue));
        }

        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(
            () => DatabaseCopy.Copy(source, folder.At("back"), DataParameter.Types.DB.Leveldb)).Code);
    }
}
