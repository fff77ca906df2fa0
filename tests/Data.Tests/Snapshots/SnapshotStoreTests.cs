using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Format = CaffeActors.Compute.Schema.SolverParameter.Types.SnapshotFormat;

namespace CaffeActors.Data.Tests.Snapshots;

public sealed class SnapshotStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_MakesCaffesPairAndTheResumeAndNothingElse()
    {
        Save(Store(), 15);
        Save(Store(Format.Hdf5), 20);
        Assert.Equal(
            [
                "net_iter_15.caffemodel", "net_iter_15.resume", "net_iter_15.solverstate",
                "net_iter_20.caffemodel.h5", "net_iter_20.resume", "net_iter_20.solverstate.h5",
            ], _folder.Names());
    }

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void Newest_GivesBackWhatWasSaved(Format format)
    {
        ResumeState resume = Sample.Resume();
        SnapshotStore store = Store(format);
        SnapshotEntry saved = store.Save(Sample.Net(), Sample.Progress(15), resume);
        SnapshotSearch search = store.Newest();
        Assert.Empty(search.Skipped);
        Assert.True(saved.IsValid);
        Assert.Equal(saved.StatePath, search.Newest?.StatePath);
        SnapshotContent content = SnapshotLoader.Load(search.Newest!);
        Assert.Equal((15, 2), (content.State.Iter, content.State.CurrentStep));
        Assert.Equal(saved.ModelPath, content.State.LearnedNet);
        AssertEqualBlobs(Sample.Progress(15).History, content.State.History);
        LayerParameter conv = content.Net.Layer.Single(layer => layer.Name == "conv");
        AssertEqualBlobs(Sample.Net().Layers[1].Blobs, conv.Blobs);
        Assert.Equal(resume.DataPositions, content.Resume!.DataPositions);
        Assert.Equal(resume.RandomStreams, content.Resume.RandomStreams);
        Assert.Equal(15, content.Resume.Iteration);
    }

    [Fact]
    public void Save_WithDiff_KeepsTheDiffs()
    {
        SnapshotStore store = new(_folder.At("net")) { WithDiff = true };
        SnapshotEntry entry = Save(store, 15);
        LayerParameter conv = WeightsFile.Read(entry.ModelPath!).Layer.Single(layer => layer.Name == "conv");
        Assert.Equal(Sample.Net().Layers[1].Blobs[0].Diff.ToArray(), conv.Blobs[0].Diff);
    }

    [Fact]
    public void Save_Again_ReplacesTheSnapshotOfTheIteration()
    {
        Save(Store(), 15);
        Store().Save(Sample.Net(first: 9), Sample.Progress(15), Sample.Resume());
        SnapshotContent content = SnapshotLoader.Load(Store().Newest().Newest!);
        AssertEqualBlobs(Sample.Net(first: 9).Layers[1].Blobs, content.Net.Layer[1].Blobs);
    }

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void Save_KeepsWhatPlateauAndTurboGoOnFrom(Format format)
    {
        SolverProgress progress = Sample.Progress(15) with { Plateau = new PlateauState(0.1f, 12) };
        Store(format).Save(Sample.Net(), progress, Sample.Resume() with { LarcAlignment = [0.1f, -1e-9f] });
        SnapshotContent content = SnapshotLoader.Load(Store(format).Newest().Newest!);
        Assert.Equal((0.1f, 12), (content.State.MinimumLoss, content.State.IterLastEvent));
        Assert.Equal([0.1f, -1e-9f], content.Resume!.LarcAlignment!);
    }

    [Theory]
    [InlineData(Format.Binaryproto)]
    [InlineData(Format.Hdf5)]
    public void Save_CopiesNoBlob(Format format)
    {
        const int Count = 4 << 20;
        using var blob = new CaffeActors.Compute.Blobs.Blob(Count);
        var net = new NetWeights("big", [new(new LayerParameter { Name = "ip" }, [blob])]);
        var progress = new SolverProgress(15, 0, [blob]);
        Store(format).Save(net, progress, Sample.Resume());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Store(format).Save(net, progress, Sample.Resume());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Count * sizeof(float) / 8);
    }

    [Fact]
    public void Newest_OfNothing_FindsNothing()
    {
        Assert.Null(Store().Newest().Newest);
        Assert.Null(new SnapshotStore(_folder.At(Path.Combine("none", "net"))).Newest().Newest);
    }

    [Fact]
    public void Newest_PrefersTheNewerSegmentOfARun()
    {
        Save(Store(), 200);
        Store().Save(Sample.Net(), Sample.Progress(150), Sample.Resume(segment: 1));
        Assert.Equal(150, Store().Newest("run-a").Newest?.Iteration);
        Assert.Equal(200, Store().Newest().Newest?.Iteration);
    }

    [Fact]
    public void Newest_OfARun_PassesOverOtherRuns()
    {
        Save(Store(), 100);
        Save(Store(), 200, "run-b");
        SnapshotSearch search = Store().Newest("run-a");
        Assert.Equal(100, search.Newest?.Iteration);
        SnapshotEntry other = Assert.Single(search.Skipped);
        Assert.Contains(
            "net_iter_200.resume' is of run 'run-b', not of 'run-a'", other.Fault, StringComparison.Ordinal);
        Assert.Throws<CaffeException>(() => SnapshotLoader.Load(other));
        Assert.Null(Store().Newest("run-c").Newest);
    }

    [Fact]
    public void Newest_IsNotMisledByNamesAlike()
    {
        Save(Store(), 15);
        Save(new SnapshotStore(_folder.At("net_iter_99")), 7);
        string[] alike =
            ["net_iter_20.resume.bak", "net_iter_x.resume", "net_iter_.resume", "net_iter_99999999999.resume"];
        foreach (string name in alike)
            File.WriteAllText(_folder.At(name), "");
        SnapshotSearch search = Store().Newest();
        Assert.Equal(15, search.Newest?.Iteration);
        Assert.Empty(search.Skipped);
        Assert.Single(Store().List());
    }

    [Fact]
    public void Newest_OfARenamedResume_PassesItOver()
    {
        Save(Store(), 15);
        File.Copy(_folder.At("net_iter_15.resume"), _folder.At("net_iter_30.resume"));
        SnapshotSearch search = Store().Newest();
        Assert.Equal(15, search.Newest?.Iteration);
        Assert.Contains("is of iteration 15", Assert.Single(search.Skipped).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void List_TellsOfEveryIteration()
    {
        Save(Store(), 15);
        Save(Store(), 30);
        File.Delete(_folder.At("net_iter_30.resume"));
        Assert.Equal([(30, false), (15, true)], Store().List().Select(entry => (entry.Iteration, entry.IsValid)));
        Assert.Contains("Caffe wrote the pair", Store().List()[0].Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_PrunesToTheLastOfTheRun_AndNothingForeign()
    {
        Save(Store(), 5, "run-b");
        string[] others =
            ["net_iter_6.caffemodel", "net_iter_6.solverstate", "net_iter_7.txt", "other_iter_1.caffemodel"];
        foreach (string name in others)
            File.WriteAllText(_folder.At(name), "foreign");
        string[] foreign = _folder.Names();
        var store = new SnapshotStore(_folder.At("net")) { KeepLast = 2 };
        foreach (int iteration in new[] { 10, 20, 30, 40 })
            Save(store, iteration);
        Assert.Equal(
            foreign.Concat(FilesOf(30)).Concat(FilesOf(40)).Order(StringComparer.Ordinal), _folder.Names());
    }

    [Fact]
    public void Save_NeverRemovesThoseThatAreSetApart()
    {
        var store = new SnapshotStore(_folder.At("net")) { KeepLast = 1, KeepEvery = 20 };
        foreach (int iteration in new[] { 10, 20, 30, 40, 50, 60, 70 })
        {
            // 30 is found to be the best after it was written, and 50 after that.
            int best = iteration switch { <= 30 => 10, <= 50 => 30, _ => 50 };
            store.Save(Sample.Net(), Sample.Progress(iteration), Sample.Resume() with
            {
                BestSnapshot = new("test0/accuracy", best, 0.5),
            });
            int[] kept = iteration switch
            {
                10 => [10],
                20 => [20, 10],
                30 => [30, 20, 10],
                40 => [40, 30, 20],
                50 => [50, 40, 30, 20],
                60 => [60, 50, 40, 20],
                _ => [70, 60, 50, 40, 20],
            };
            Assert.Equal(kept, Store().List().Select(entry => entry.Iteration));
            Assert.All(Store().List(), entry => Assert.True(entry.IsValid));
        }
    }

    [Fact]
    public void Save_CountsOnlyWholeSnapshotsAmongThoseKept()
    {
        Save(Store(), 10);
        Save(Store(), 20);
        File.Delete(_folder.At("net_iter_20.solverstate"));
        var store = new SnapshotStore(_folder.At("net")) { KeepLast = 2 };
        Save(store, 30);
        Assert.Contains("net_iter_10.resume", _folder.Names());
        Save(store, 40);
        Assert.Equal([.. FilesOf(30), .. FilesOf(40)], _folder.Names());
    }

    [Fact]
    public void Save_FinishesAPruningThatWasInterrupted()
    {
        Save(Store(), 10);
        File.Delete(_folder.At("net_iter_10.caffemodel"));
        Save(new SnapshotStore(_folder.At("net")) { KeepLast = 1 }, 20);
        Assert.Equal(FilesOf(20), _folder.Names());
    }

    [Fact]
    public void Save_AfterGoingBack_KeepsWhatItWrote()
    {
        Save(Store(), 200);
        var store = new SnapshotStore(_folder.At("net")) { KeepLast = 1 };
        store.Save(Sample.Net(), Sample.Progress(150), Sample.Resume(segment: 1));
        Assert.Equal(FilesOf(150), _folder.Names());
    }

    [Fact]
    public void Prepare_RemovesWhatAKilledProcessLeft_AndNothingElse()
    {
        Save(Store(), 15);
        File.WriteAllText(_folder.At("net_iter_20.caffemodel.tmp"), "half");
        File.WriteAllText(_folder.At("other_iter_20.caffemodel.tmp"), "another's");
        Store().Prepare();
        Assert.Equal([.. FilesOf(15), "other_iter_20.caffemodel.tmp"], _folder.Names());
    }

    [Fact]
    public void Prepare_WhereNothingCanBeWritten_SaysSo()
    {
        var failure = Assert.Throws<CaffeException>(new SnapshotStore(_folder.At(Path.Combine("none", "net"))).Prepare);
        Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains(_folder.At("none"), failure.Message, StringComparison.Ordinal);
    }

    private static SnapshotEntry Save(SnapshotStore store, int iteration, string runId = "run-a") =>
        store.Save(Sample.Net(), Sample.Progress(iteration), Sample.Resume(runId));

    private static string[] FilesOf(int iteration) =>
        [$"net_iter_{iteration}.caffemodel", $"net_iter_{iteration}.resume", $"net_iter_{iteration}.solverstate"];

    private static void AssertEqualBlobs(
        IReadOnlyList<CaffeActors.Compute.Blobs.Blob> expected, IReadOnlyList<BlobProto> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Shape.ToArray(), Sample.FromProto(actual[i]).Shape.ToArray());
            Assert.Equal(expected[i].Data.ToArray(), actual[i].Data);
        }
    }

    private SnapshotStore Store(Format format = Format.Binaryproto) => new(_folder.At("net")) { Format = format };
}
