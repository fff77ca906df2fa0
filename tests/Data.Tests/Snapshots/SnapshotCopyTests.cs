using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Tests.Snapshots;

public sealed class SnapshotCopyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Copy_KeepsItsValuesWhateverIsComputedSince(bool withDiff)
    {
        using var copy = new SnapshotCopy();
        NetWeights net = Sample.Net();
        SolverProgress progress = Sample.Progress(10);
        NetWeights before = Sample.Net();
        (NetWeights weights, SolverProgress state) = copy.Take(net, progress, withDiff);
        foreach (Blob blob in net.Layers.SelectMany(layer => layer.Blobs).Concat(progress.History))
        {
            blob.MutableData.Fill(-1);
            blob.MutableDiff.Fill(-1);
        }

        Assert.Equal((net.Name, 10, 2), (weights.Name, state.Iteration, state.CurrentStep));
        for (int i = 0; i < before.Layers.Count; i++)
        {
            Assert.Same(net.Layers[i].Parameter, weights.Layers[i].Parameter);
            Assert.Equal(net.Layers[i].Owned, weights.Layers[i].Owned);
            AssertEqual(before.Layers[i].Blobs, weights.Layers[i].Blobs, withDiff);
        }

        AssertEqual(Sample.Progress(10).History, state.History, withDiff: false);
    }

    [Fact]
    public unsafe void Copies_UseTheSameMemoryOneAfterTheOther()
    {
        using var copy = new SnapshotCopy();
        Blob first = copy.Take(Sample.Net(), Sample.Progress(10), false).Net.Layers[1].Blobs[0];
        nint address = (nint)first.CpuData;
        Blob second = copy.Take(Sample.Net(first: 7), Sample.Progress(20), false).Net.Layers[1].Blobs[0];
        Assert.Equal(address, (nint)second.CpuData);
        Assert.Equal(7, second.Data[0]);
    }

    [Fact]
    public unsafe void SharedParameters_AreCopiedOnce()
    {
        using var copy = new SnapshotCopy();
        using Blob owner = Sample.Blob(3, 2, 3), other = Sample.Blob(0, 6);
        other.ShareData(owner);
        var net = new NetWeights("shared",
            [new(new LayerParameter { Name = "a" }, [owner]), new(new LayerParameter { Name = "b" }, [other])]);
        NetWeights copied = copy.Take(net, new SolverProgress(1, 0, []), false).Net;
        Blob first = copied.Layers[0].Blobs[0], second = copied.Layers[1].Blobs[0];
        Assert.Equal((nint)first.CpuData, (nint)second.CpuData);
        Assert.Equal([6], second.Shape.ToArray());
        Assert.Equal(owner.Data.ToArray(), second.Data.ToArray());
    }

    private static void AssertEqual(IReadOnlyList<Blob> expected, IReadOnlyList<Blob> actual, bool withDiff)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Shape.ToArray(), actual[i].Shape.ToArray());
            Assert.Equal(expected[i].Data.ToArray(), actual[i].Data.ToArray());
            if (withDiff)
                Assert.Equal(expected[i].Diff.ToArray(), actual[i].Diff.ToArray());
        }
    }
}
