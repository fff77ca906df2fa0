using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Format = CaffeActors.Compute.Schema.SolverParameter.Types.SnapshotFormat;

namespace CaffeActors.Data.Tests.Snapshots;

/// <summary>A thousand damaged copies of a snapshot: none is loaded, the one before it is, and it is told
/// why.</summary>
public sealed class DamagedCorpusTests : IDisposable
{
    private const int Copies = 500;
    private static readonly string[] _damages =
    [
        "truncated", "bits flipped", "zeros", "longer", "empty", "missing", "the older one's", "another run's",
        "of another kind", "all of another run",
    ];

    private readonly TemporaryFolder _folder = new();
    private readonly RandomStream _random = new(6, RandomStream.StreamId("damage"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void DamagedSnapshot_IsNeverLoaded_AndItsReasonIsTold(Format format)
    {
        byte[][] older = Files(Save(format, 10, first: 1));
        SnapshotEntry newer = Save(format, 20, first: 3);
        string[] paths = [newer.ModelPath!, newer.StatePath!, newer.ResumePath];
        byte[][] whole = Files(newer);
        byte[][] others = Files(Save(format, 20, first: 5, run: "run-b"));
        int[] counts = new int[_damages.Length];
        for (int copy = 0; copy < Copies; copy++)
        {
            int file = Below(3), damage = copy % _damages.Length;
            byte[]?[] damaged = [.. whole];
            if (_damages[damage] == "all of another run")
                (file, damaged) = (2, [.. others]);
            else
                damaged[file] = Damaged(damage, whole, older, others, file);
            Put(paths, damaged);
            AssertOlderIsTaken(format, paths, file, $"{copy}: {_damages[damage]}, file {file}");
            AssertNotLoaded(paths, damaged, file, whole);
            counts[damage]++;
        }

        Assert.All(counts, count => Assert.Equal(Copies / _damages.Length, count));
        Put(paths, whole);
        SnapshotSearch search = Store(format).Newest("run-a");
        Assert.Equal(20, SnapshotLoader.Load(search.Newest!).State.Iter);
        Assert.Empty(search.Skipped);
    }

    private void AssertOlderIsTaken(Format format, string[] paths, int file, string what)
    {
        SnapshotSearch search = Store(format).Newest("run-a");
        Assert.True(search.Newest?.Iteration == 10, what);
        Assert.Equal(10, SnapshotLoader.Load(search.Newest).State.Iter);
        SnapshotEntry skipped = Assert.Single(search.Skipped);
        Assert.Equal(20, skipped.Iteration);
        Assert.True(skipped.Fault!.Contains($"'{paths[file]}'", StringComparison.Ordinal), $"{what}: {skipped.Fault}");
        CaffeException refused = Assert.Throws<CaffeException>(() => SnapshotLoader.Load(skipped));
        Assert.Equal(ErrorCodes.BadSnapshot, refused.Code);
        Assert.Contains(skipped.Fault, refused.Message, StringComparison.Ordinal);
    }

    // By its path (train --snapshot) it is not loaded either, but for what is whole as it is: another run's snapshot,
    // or a pair without .resume, which may be Caffe's.
    private static void AssertNotLoaded(string[] paths, byte[]?[] damaged, int file, byte[][] whole)
    {
        bool isPair = damaged[2] is null && damaged[0] == whole[0] && damaged[1] == whole[1];
        bool isOther = damaged[0] != whole[0] && damaged[1] != whole[1] && damaged[2] != whole[2];
        if (isPair || isOther)
            return;
        CaffeException refused = Assert.Throws<CaffeException>(() => SnapshotLoader.Load(paths[1]));
        Assert.True(refused.Code is ErrorCodes.BadSnapshot or ErrorCodes.FileNotFound, refused.Message);
        Assert.Contains(Path.GetFileName(paths[file])[.."net_iter_20".Length], refused.Message,
            StringComparison.Ordinal);
    }

    private byte[]? Damaged(int damage, byte[][] whole, byte[][] older, byte[][] others, int file)
    {
        byte[] bytes = [.. whole[file]];
        switch (_damages[damage])
        {
            case "truncated":
                return bytes[..Below(bytes.Length)];
            case "bits flipped":
                // From here and there at odd distances, so that no bit is flipped back.
                for (int at = Below(bytes.Length); at < bytes.Length; at += 1 + Below(bytes.Length))
                    bytes[at] ^= (byte)(1 << Below(8));
                return bytes;
            case "zeros":
                int start = Array.FindIndex(bytes, Below(bytes.Length / 2), value => value != 0);
                bytes.AsSpan(start, Math.Min(1 + Below(64), bytes.Length - start)).Clear();
                return bytes;
            case "longer":
                return [.. bytes, .. Enumerable.Range(0, 1 + Below(16)).Select(_ => (byte)Below(256))];
            case "empty":
                return [];
            case "missing":
                return null;
            case "the older one's":
                return older[file];
            case "another run's":
                return others[file];
            default:
                return whole[(file + 1 + Below(2)) % 3];
        }
    }

    private static void Put(string[] paths, byte[]?[] files)
    {
        for (int i = 0; i < paths.Length; i++)
        {
            if (files[i] is { } bytes)
                File.WriteAllBytes(paths[i], bytes);
            else
                File.Delete(paths[i]);
        }
    }

    private static byte[][] Files(SnapshotEntry entry) =>
        [.. new[] { entry.ModelPath!, entry.StatePath!, entry.ResumePath }.Select(File.ReadAllBytes)];

    private SnapshotEntry Save(Format format, int iteration, float first, string run = "run-a") =>
        Store(format).Save(Sample.Net(first), Sample.Progress(iteration, first + 1), Sample.Resume(run));

    private SnapshotStore Store(Format format) => new(_folder.At("net")) { Format = format };

    private int Below(int count) => (int)_random.NextBelow((uint)count);
}
