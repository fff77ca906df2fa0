using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Snapshots;

public sealed class SnapshotLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("adam", 8)]
    [InlineData("sgd-step", 4)]
    public void Load_OfCaffesPair_FindsTheModelBesideTheState(string solver, int history)
    {
        SnapshotContent content = SnapshotLoader.Load(Sample.OfCaffe(solver, "snap_iter_15.solverstate"));
        Assert.Equal(15, content.State.Iter);
        Assert.Equal(history, content.State.History.Count);
        Assert.Null(content.Resume);
        LayerParameter conv = content.Net.Layer.Single(layer => layer.Name == "conv");
        Assert.Equal([5, 1, 3, 3], conv.Blobs[0].Shape.Dim);
        Assert.Equal(45, conv.Blobs[0].Data.Count);
    }

    [Fact]
    public void Load_OfOurs_ByItsState_BringsTheResume()
    {
        SnapshotEntry entry = Save();
        SnapshotContent content = SnapshotLoader.Load(entry.StatePath!);
        Assert.Equal("run-a", content.Resume?.RunId);
        Assert.Equal(15, content.State.Iter);
    }

    [Fact]
    public void Load_OfOurs_MovedElsewhere_Works()
    {
        Save();
        Directory.CreateDirectory(_folder.At("moved"));
        foreach (string name in _folder.Names())
            File.Move(_folder.At(name), Path.Combine(_folder.At("moved"), name));
        string state = Path.Combine(_folder.At("moved"), "net_iter_15.solverstate");
        Assert.Equal("run-a", SnapshotLoader.Load(state).Resume?.RunId);
        File.Delete(Path.ChangeExtension(state, ".resume"));
        Assert.Null(SnapshotLoader.Load(state).Resume);
    }

    [Fact]
    public void Load_OfADamagedPair_IsRefused()
    {
        SnapshotEntry entry = Save();
        byte[] model = File.ReadAllBytes(entry.ModelPath!);
        model[^20] ^= 1;
        File.WriteAllBytes(entry.ModelPath!, model);
        CaffeException failure = AssertBad(() => SnapshotLoader.Load(entry.StatePath!));
        Assert.Contains(entry.ModelPath!, failure.Message, StringComparison.Ordinal);
        Assert.Contains("older snapshot", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfADamagedResume_IsRefused()
    {
        SnapshotEntry entry = Save();
        File.AppendAllText(entry.ResumePath, " ");
        AssertBad(() => SnapshotLoader.Load(entry.StatePath!));
    }

    [Fact]
    public void Load_WithTheModelGone_NamesBothPlaces()
    {
        var state = new SolverState { Iter = 3, LearnedNet = "elsewhere/net_iter_3.caffemodel" };
        File.WriteAllBytes(_folder.At("net_iter_3.solverstate"), state.ToByteArray());
        var failure = Assert.Throws<CaffeException>(() => SnapshotLoader.Load(_folder.At("net_iter_3.solverstate")));
        Assert.Equal((ErrorCodes.FileNotFound, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("'elsewhere/net_iter_3.caffemodel'", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"'{_folder.At("net_iter_3.caffemodel")}'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TakesTheModelAsWrittenBeforeTheOneBeside()
    {
        string written = Sample.OfCaffe("adam", "init.caffemodel");
        File.Copy(Sample.OfCaffe("adam", "snap_iter_15.caffemodel"), _folder.At("init.caffemodel"));
        File.WriteAllBytes(_folder.At("s.solverstate"),
            new SolverState { Iter = 3, LearnedNet = written }.ToByteArray());
        Assert.Equal(WeightsFile.Read(written), SnapshotLoader.Load(_folder.At("s.solverstate")).Net);
    }

    private static CaffeException AssertBad(Action load)
    {
        var failure = Assert.Throws<CaffeException>(load);
        Assert.Equal((ErrorCodes.BadSnapshot, FailureKind.Data), (failure.Code, failure.Kind));
        return failure;
    }

    private SnapshotEntry Save() =>
        new SnapshotStore(_folder.At("net")).Save(Sample.Net(), Sample.Progress(15), Sample.Resume());
}
