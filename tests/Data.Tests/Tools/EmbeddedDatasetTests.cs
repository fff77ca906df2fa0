using System.Security.Cryptography;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class EmbeddedDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheRepositorysImages_AreSixtyAndTenThousand_OfTenClassesEach()
    {
        string source = EmbeddedDataset.Find(Repository.Root)!;
        (string train, string test) = EmbeddedDataset.EnsureLmdb(source, _folder.Path);
        Check(train, EmbeddedDataset.TrainName, 60_000);
        Check(test, EmbeddedDataset.TestName, 10_000);

        void Check(string path, string name, long count)
        {
            Assert.Equal(_folder.At(name), path);
            using var database = new LmdbSource(path);
            DatabaseStat stat = DatabaseStat.Collect(database);
            Assert.Equal((count, 0L), (stat.Records, stat.Damaged));
            Assert.Equal((1, 28, 28), Assert.Single(stat.Shapes).Key);
            Assert.Equal(Enumerable.Range(0, 10).Select(i => KeyValuePair.Create(i, count / 10)), stat.Labels);
        }
    }

    [Fact]
    public void Pairs_AreMadeOfThem_AndAlwaysTheSame()
    {
        string source = Source(200);
        (string train, string test) = EmbeddedDataset.EnsurePairs(source, _folder.At("out"));
        Assert.Equal(_folder.At("out", EmbeddedDataset.TrainPairsName), train);
        Assert.Equal(_folder.At("out", EmbeddedDataset.TestPairsName), test);
        using var database = new LmdbSource(train);
        DatabaseStat stat = DatabaseStat.Collect(database);
        Assert.Equal((200, 0L), (stat.Records, stat.Damaged));
        Assert.Equal((2, 2, 3), Assert.Single(stat.Shapes).Key);
        Assert.Equal([0, 1], stat.Labels.Keys);
        int calls = 0;
        EmbeddedDataset.EnsurePairs(source, _folder.At("out"), (_, _) => calls++);
        Assert.Equal(0, calls);
        EmbeddedDataset.EnsurePairs(source, _folder.At("other"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(train, "data.mdb")),
            File.ReadAllBytes(_folder.At("other", EmbeddedDataset.TrainPairsName, "data.mdb")));
    }

    [Fact]
    public void SecondCall_LeavesEverythingAsItIs()
    {
        string source = Source(20);
        int calls = 0;
        (string train, _) = EmbeddedDataset.EnsureLmdb(source, _folder.At("out"), (_, _) => calls++);
        Assert.Equal(2, calls);
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(train, "data.mdb"));
        // What a process that was killed meanwhile has left goes; the images are not even looked at.
        Directory.CreateDirectory(train + ".part-killed");
        foreach (string file in Directory.GetFiles(source, "*.gz"))
            File.Delete(file);
        EmbeddedDataset.EnsureLmdb(source, _folder.At("out"), (_, _) => calls++);
        Assert.Equal(2, calls);
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.At("out")).Length);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(train, "data.mdb")));
    }

    [Fact]
    public void OtherImages_OrADataBaseThatWasCut_AreMadeAnew()
    {
        EmbeddedDataset.EnsureLmdb(Source(20), _folder.At("out"));
        (string train, string test) = EmbeddedDataset.EnsureLmdb(Source(30), _folder.At("out"));
        Assert.Equal(30, Count(train));
        File.WriteAllBytes(Path.Combine(test, "data.mdb"), [1, 2, 3]);
        EmbeddedDataset.EnsureLmdb(Source(30), _folder.At("out"));
        Assert.Equal(30, Count(test));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.At("out")).Length);
    }

    [Fact]
    public void SomebodyElsesDataBase_IsNotTouched()
    {
        Directory.CreateDirectory(_folder.At("out/" + EmbeddedDataset.TrainName));
        File.WriteAllText(_folder.At($"out/{EmbeddedDataset.TrainName}/data.mdb"), "precious");
        string source = Source(5);
        CaffeException failure = Assert.Throws<CaffeException>(
            () => EmbeddedDataset.EnsureLmdb(source, _folder.At("out")));
        Assert.Contains("move it away", failure.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(_folder.At($"out/{EmbeddedDataset.TrainName}/data.mdb")));
    }

    [Fact]
    public void DamagedImages_AreRefused()
    {
        string source = Source(5);
        File.AppendAllText(Path.Combine(source, "t10k-labels-idx1-ubyte.gz"), "x");
        CaffeException failure = Assert.Throws<CaffeException>(
            () => EmbeddedDataset.EnsureLmdb(source, _folder.At("out")));
        Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("t10k-labels-idx1-ubyte.gz", failure.Message, StringComparison.Ordinal);
        string made = Assert.Single(Directory.GetFileSystemEntries(_folder.At("out")));
        Assert.Equal(EmbeddedDataset.TrainName, Path.GetFileName(made));
        Assert.Null(EmbeddedDataset.Find(_folder.Path));
    }

    [Fact]
    public void ManyAtOnce_MakeOne()
    {
        string source = Source(200);
        Parallel.For(0, 8, _ =>
        {
            (string train, string test) = EmbeddedDataset.EnsureLmdb(source, _folder.At("out"));
            Assert.Equal((200, 200), (Count(train), Count(test)));
        });
        Assert.Equal([EmbeddedDataset.TestName, EmbeddedDataset.TrainName],
            Directory.GetFileSystemEntries(_folder.At("out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static long Count(string path)
    {
        using var source = new LmdbSource(path);
        return source.Count;
    }

    private string Source(int count)
    {
        string folder = _folder.At("source");
        Directory.CreateDirectory(folder);
        foreach (string name in (string[])["train", "t10k"])
        {
            IdxSamples.Images(Path.Combine(folder, $"{name}-images-idx3-ubyte.gz"), count, zip: true);
            IdxSamples.Labels(Path.Combine(folder, $"{name}-labels-idx1-ubyte.gz"), count, zip: true);
        }

        File.WriteAllLines(Path.Combine(folder, "SHA256SUMS"), Directory.GetFiles(folder, "*.gz").Select(
            file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}  {Path.GetFileName(file)}"));
        return folder;
    }
}
