using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Sources;

public sealed class RecordSourceTests
{
    [Fact]
    public void Open_TakesAnLmdbForOne_WhateverTheNetSays()
    {
        var notices = new List<string>();
        using RecordSource source = RecordSource.Open(
            Fixture.PathOf("raw32_lmdb"), DataParameter.Types.DB.Leveldb, notices.Add);
        Assert.Equal(10, source.Count);
        Assert.Contains("LMDB", Assert.Single(notices), StringComparison.Ordinal);
        using RecordSource again = RecordSource.Open(
            Fixture.PathOf("raw32_lmdb"), DataParameter.Types.DB.Lmdb, notices.Add);
        Assert.Single(notices);
    }

    [Fact]
    public void Open_TakesALevelDbForOne_WhateverTheNetSays()
    {
        var notices = new List<string>();
        using RecordSource source = RecordSource.Open(
            Fixture.PathOf("raw32_leveldb"), DataParameter.Types.DB.Lmdb, notices.Add);
        Assert.Equal(10, source.Count);
        Assert.Contains("is a LevelDB", Assert.Single(notices), StringComparison.Ordinal);
        using RecordSource again = RecordSource.Open(
            Fixture.PathOf("raw32_leveldb"), DataParameter.Types.DB.Leveldb, notices.Add);
        Assert.Single(notices);
    }

    [Theory]
    [InlineData("missing", "does not exist")]
    [InlineData("file", "is a file")]
    [InlineData("empty", "no data base")]
    public void Open_OfAnythingElse_SaysWhatIsThere(string name, string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("file"), "");
        Directory.CreateDirectory(folder.At("empty"));
        CaffeException failure = Assert.Throws<CaffeException>(
            () => RecordSource.Open(folder.At(name), DataParameter.Types.DB.Leveldb, _ => { }));
        Assert.Equal(ErrorCodes.SourceUnreadable, failure.Code);
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
        Assert.Contains(folder.At(name), failure.Message, StringComparison.Ordinal);
    }
}
