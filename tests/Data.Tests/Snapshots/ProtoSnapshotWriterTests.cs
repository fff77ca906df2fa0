using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Snapshots;
using CsCheck;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Snapshots;

public sealed class ProtoSnapshotWriterTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteNet_GivesProtobufsBytes(bool withDiff) => AssertEqualBytes(Sample.Net(), withDiff);

    [Fact]
    public void WriteNet_OfBlobsWithoutElementsOrAxes_GivesProtobufsBytes() => AssertEqualBytes(
        new("", [new(new LayerParameter(), [new Blob(), new Blob(0, 300), Sample.Blob(1), new Blob([])])]),
        withDiff: true);

    [Fact]
    public void WriteNet_OfNothing_GivesProtobufsBytes() => AssertEqualBytes(new("", []), withDiff: false);

    [Fact]
    public void WriteNet_PassesOverBlobsStoredInTheMessage()
    {
        LayerParameter layer = Sample.Convolution("conv");
        layer.Blobs.Add(Sample.Blob(9, 4).ToProto());
        AssertEqualBytes(new("net", [new(layer, [Sample.Blob(1, 2)])]), withDiff: false);
        Assert.Single(layer.Blobs);
    }

    [Fact]
    public void WriteNet_KeepsFieldsItDoesNotKnow()
    {
        // Field 5000, a varint: 1.
        byte[] unknown = [.. Sample.Convolution("conv").ToByteArray(), 0xC0, 0xB8, 0x02, 0x01];
        LayerParameter layer = LayerParameter.Parser.ParseFrom(unknown);
        AssertEqualBytes(new("net", [new(layer, [Sample.Blob(1, 2)])]), withDiff: false);
    }

    [Fact]
    public void WriteNet_OfAnyShapes_GivesProtobufsBytes() =>
        Gen.Int[0, 70].Array[0, 3].Array[0, 4].Array[0, 4].Sample(net =>
        {
            IEnumerable<LayerWeights> layers = net.Select((shapes, i) => new LayerWeights(
                new LayerParameter { Name = $"layer{i}", Phase = Phase.Test },
                [.. shapes.Select(shape => Sample.Blob(i, shape))]));
            AssertEqualBytes(new("net", [.. layers]), withDiff: net.Length % 2 == 0);
        }, iter: 100);

    [Theory]
    [InlineData("adam")]
    [InlineData("sgd-step")]
    public void WriteNet_GivesCaffesBytes(string solver)
    {
        string path = Sample.OfCaffe(solver, "snap_iter_15.caffemodel");
        using var stream = new MemoryStream();
        ProtoSnapshotWriter.WriteNet(stream, Sample.FromProto(WeightsFile.Read(path)), withDiff: false);
        Assert.Equal(File.ReadAllBytes(path), stream.ToArray());
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("sgd-step")]
    public void WriteState_GivesCaffesBytes(string solver)
    {
        string path = Sample.OfCaffe(solver, "snap_iter_15.solverstate");
        SolverState state = SolverStateFile.Read(path);
        using var stream = new MemoryStream();
        ProtoSnapshotWriter.WriteState(
            stream, new(state.Iter, state.CurrentStep, [.. state.History.Select(Sample.FromProto)]), state.LearnedNet);
        Assert.Equal(File.ReadAllBytes(path), stream.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteState_GivesProtobufsBytes(bool plateau)
    {
        SolverProgress progress = Sample.Progress(300) with { Plateau = plateau ? new PlateauState(0.25f, 210) : null };
        var proto = new SolverState { Iter = 300, LearnedNet = "ä/b", CurrentStep = 2 };
        if (plateau)
            (proto.MinimumLoss, proto.IterLastEvent) = (0.25f, 210);
        proto.History.AddRange(progress.History.Select(blob => blob.ToProto()));
        using var stream = new MemoryStream();
        ProtoSnapshotWriter.WriteState(stream, progress, "ä/b");
        Assert.Equal(proto.ToByteArray(), stream.ToArray());
    }

    private static void AssertEqualBytes(NetWeights net, bool withDiff)
    {
        using var stream = new MemoryStream();
        ProtoSnapshotWriter.WriteNet(stream, net, withDiff);
        Assert.Equal(Sample.ToProto(net, withDiff).ToByteArray(), stream.ToArray());
    }
}
