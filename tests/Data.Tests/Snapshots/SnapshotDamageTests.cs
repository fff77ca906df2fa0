using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Format = CaffeActors.Compute.Schema.SolverParameter.Types.SnapshotFormat;

namespace CaffeActors.Data.Tests.Snapshots;

/// <summary>Whatever happens to the newest snapshot's files, it is loaded whole or the one before it is.</summary>
public sealed class SnapshotDamageTests : IDisposable
{
    private const int TruncationStep = 97;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void AnyTruncation_OfAnyFile_IsNoticed(Format format)
    {
        foreach (string path in SaveTwo(format))
        {
            byte[] whole = File.ReadAllBytes(path);
            for (int length = 0; length < whole.Length; length += TruncationStep)
                AssertOlderWith(path, whole[..length]);
            AssertOlderWith(path, whole[..^1]);
            AssertOlderWith(path, [.. whole, 0]);
            File.WriteAllBytes(path, whole);
        }

        Assert.Equal(20, Store(format).Newest().Newest?.Iteration);
    }

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void AnyFlippedBit_OfAnyFile_IsNoticed(Format format)
    {
        foreach (string path in SaveTwo(format))
        {
            byte[] bytes = File.ReadAllBytes(path);
            for (int i = 0; i < bytes.Length; i++)
            {
                byte flip = (byte)(1 << (i % 8));
                bytes[i] ^= flip;
                AssertOlderWith(path, bytes);
                bytes[i] ^= flip;
            }

            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(20, Store(format).Newest().Newest?.Iteration);
    }

    [Fact]
    public void AnyStageAKillCanLeave_IsNoSnapshot()
    {
        string[] files = SaveTwo(Format.Binaryproto);
        byte[][] whole = [.. files.Select(File.ReadAllBytes)];

        // Each file may be missing (0), under its temporary name (1), half of it so (2), or in its place (3).
        for (int stage = 0; stage < 4 * 4 * 4; stage++)
        {
            int[] states = [stage % 4, stage / 4 % 4, stage / 16];
            for (int file = 0; file < files.Length; file++)
                Put(files[file], whole[file], states[file]);
            bool complete = states.All(state => state == 3);
            Assert.Equal(complete ? 20 : 10, Store(Format.Binaryproto).Newest("run-a").Newest?.Iteration);
            Store(Format.Binaryproto).Prepare();
            Assert.DoesNotContain(_folder.Names(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
            Assert.Equal(complete ? 20 : 10, Store(Format.Binaryproto).Newest("run-a").Newest?.Iteration);
        }
    }

    [Fact]
    public void FilesOfTwoSnapshotsMixed_AreNoSnapshot()
    {
        string[] files = SaveTwo(Format.Binaryproto);
        byte[][] old = [.. files.Select(File.ReadAllBytes)];
        Store(Format.Binaryproto).Save(Sample.Net(first: 7), Sample.Progress(20, first: 8), Sample.Resume(segment: 1));
        byte[][] @new = [.. files.Select(File.ReadAllBytes)];
        for (int mix = 0; mix < 8; mix++)
        {
            for (int file = 0; file < files.Length; file++)
                File.WriteAllBytes(files[file], (mix >> file) % 2 == 0 ? old[file] : @new[file]);
            int? expected = mix is 0 or 7 ? 20 : 10;
            Assert.Equal(expected, Store(Format.Binaryproto).Newest("run-a").Newest?.Iteration);
        }
    }

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void AFullDisk_AtAnyByte_FailsAndLeavesTheSnapshotBefore(Format format)
    {
        Store(format).Save(Sample.Net(), Sample.Progress(10), Sample.Resume());
        string[] before = _folder.Names();
        var disk = new BreakingDisk(long.MaxValue);
        Store(format, disk).Save(Sample.Net(), Sample.Progress(30), Sample.Resume());
        long needed = long.MaxValue - disk.Left;
        Array.ForEach(Directory.GetFiles(_folder.Path, "net_iter_30*"), File.Delete);
        for (long room = 0; room < needed; room += TruncationStep)
        {
            var failure = Assert.Throws<CaffeException>(() => Store(format, new BreakingDisk(room))
                .Save(Sample.Net(), Sample.Progress(20), Sample.Resume()));
            Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
            SnapshotSearch search = Store(format).Newest();
            Assert.Equal(10, search.Newest?.Iteration);
            Assert.Equal(10, SnapshotLoader.Load(search.Newest!).State.Iter);
            Assert.DoesNotContain(_folder.Names(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
            Array.ForEach(Directory.GetFiles(_folder.Path, "net_iter_20*"), File.Delete);
            Assert.Equal(before, _folder.Names());
        }
    }

    [Fact]
    public void AFullDisk_PrunesNothing()
    {
        var store = new SnapshotStore(_folder.At("net")) { KeepLast = 1, Decorate = new BreakingDisk(500).Open };
        Store(Format.Binaryproto).Save(Sample.Net(), Sample.Progress(10), Sample.Resume());
        Assert.Throws<CaffeException>(() => store.Save(Sample.Net(), Sample.Progress(20), Sample.Resume()));
        Assert.Equal(10, Store(Format.Binaryproto).Newest().Newest?.Iteration);
    }

    private static void Put(string path, byte[] whole, int state)
    {
        File.Delete(path);
        File.Delete(path + ".tmp");
        if (state == 3)
            File.WriteAllBytes(path, whole);
        else if (state > 0)
            File.WriteAllBytes(path + ".tmp", state == 1 ? whole : whole[..(whole.Length / 2)]);
    }

    private string[] SaveTwo(Format format)
    {
        Store(format).Save(Sample.Net(), Sample.Progress(10), Sample.Resume());
        SnapshotEntry newest = Store(format).Save(Sample.Net(first: 3), Sample.Progress(20), Sample.Resume());
        return [newest.ModelPath!, newest.StatePath!, newest.ResumePath];
    }

    private void AssertOlderWith(string path, byte[] contents)
    {
        File.WriteAllBytes(path, contents);
        SnapshotSearch search = Store(Format.Binaryproto).Newest();
        Assert.Equal(10, search.Newest?.Iteration);
        SnapshotEntry skipped = Assert.Single(search.Skipped);
        Assert.Equal(20, skipped.Iteration);
        Assert.Contains(path, skipped.Fault, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.BadSnapshot, Assert.Throws<CaffeException>(() => SnapshotLoader.Load(skipped)).Code);
    }

    private SnapshotStore Store(Format format, BreakingDisk? disk = null) =>
        new(_folder.At("net")) { Format = format, Decorate = disk is null ? null : disk.Open };
}
