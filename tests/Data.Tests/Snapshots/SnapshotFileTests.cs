using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Google.Protobuf;
using PureHDF;

namespace CaffeActors.Data.Tests.Snapshots;

/// <summary>Weights and solver states one by one: both formats, what Caffe wrote, and files that are neither.</summary>
public sealed class SnapshotFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadWeights_OfCaffes_GivesTheNet()
    {
        NetParameter net = WeightsFile.Read(Sample.OfCaffe("adam", "init.caffemodel"));
        Assert.Contains(net.Layer, layer => layer is { Name: "ip", Type: "InnerProduct", Blobs.Count: 2 });
    }

    [Fact]
    public void ReadWeights_OfTheFirstVersion_GivesItsLayers()
    {
        var old = new NetParameter { Layers = { new V1LayerParameter { Name = "conv" } } };
        File.WriteAllBytes(_folder.At("old.caffemodel"), old.ToByteArray());
        Assert.Equal(old, WeightsFile.Read(_folder.At("old.caffemodel")));
    }

    [Fact]
    public void ReadWeights_DecidesByContents()
    {
        SnapshotEntry entry = Hdf5Snapshot();
        File.Move(entry.ModelPath!, _folder.At("weights.caffemodel"));
        Assert.Equal(["bn", "conv", "data", "ip"], NamesOf(WeightsFile.Read(_folder.At("weights.caffemodel"))));
    }

    [Fact]
    public void ReadWeights_OfHdf5_KeepsGroupsOfLayersWithoutBlobs_AndLeavesSharedOnesOut()
    {
        NetParameter net = WeightsFile.Read(Hdf5Snapshot().ModelPath!);
        Assert.Equal(["bn", "conv", "data", "ip"], NamesOf(net));
        Assert.Empty(net.Layer.Single(layer => layer.Name == "ip").Blobs);
        Assert.Empty(net.Layer.Single(layer => layer.Name == "bn").Blobs[1].Shape.Dim);
        Assert.Equal(1f, Assert.Single(net.Layer.Single(layer => layer.Name == "bn").Blobs[1].Data));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(100_000)]
    public void ReadWeights_OfHdf5_GivesTheValuesOfBlobsOfEverySize(int count)
    {
        var blob = Sample.Blob(3, count);
        NetParameter read = WeightsFile.Read(Write(new("n", [new(new LayerParameter { Name = "a" }, [blob])])));
        Assert.Equal(blob.Data.ToArray(), read.Layer[0].Blobs[0].Data);
    }

    [Fact]
    public void ReadWeights_OfHdf5WithSlashesInNames_GivesThemBack()
    {
        string[] names = ["conv1/7x7", "conv1/relu", "inception/3a/1x1", "conv1"];
        var net = new NetWeights("g", [.. names.Select(name =>
            new LayerWeights(new LayerParameter { Name = name }, [Sample.Blob(1, 2)]))]);
        NetParameter read = WeightsFile.Read(Write(net));
        Assert.Equal(names.Order(StringComparer.Ordinal), NamesOf(read));
        Assert.All(read.Layer, layer => Assert.Single(layer.Blobs));
    }

    [Fact]
    public void ReadWeights_OfHdf5WithGaps_LeavesEmptyBlobs()
    {
        LayerWeights layer =
            new(new LayerParameter { Name = "a" }, [Sample.Blob(1, 2), Sample.Blob(2, 3)], [false, true]);
        NetParameter read = WeightsFile.Read(Write(new("n", [layer])));
        Assert.Equal(new BlobProto(), read.Layer[0].Blobs[0]);
        Assert.Equal([3], read.Layer[0].Blobs[1].Shape.Dim);
    }

    [Fact]
    public void ReadWeights_OfDoubles_GivesFloats()
    {
        new H5File
        {
            ["data"] = new H5Group { ["conv"] = new H5Group { ["0"] = new H5Dataset(new[] { 0.1, 0.2 }) } },
        }.Write(_folder.At("double.h5"));
        Assert.Equal([0.1f, 0.2f], WeightsFile.Read(_folder.At("double.h5")).Layer[0].Blobs[0].Data);
    }

    [Fact]
    public void ReadWeights_PrefersTheGroupParams()
    {
        new H5File
        {
            ["data"] = new H5Group { ["conv"] = new H5Dataset(new[] { 1f }) },
            ["params"] = new H5Group { ["conv"] = new H5Group { ["0"] = new H5Dataset(new[] { 2f, 3f }) } },
        }.Write(_folder.At("pass.h5"));
        Assert.Equal([2f, 3f], WeightsFile.Read(_folder.At("pass.h5")).Layer[0].Blobs[0].Data);
    }

    [Fact]
    public void WriteHdf5_OfNetsItCannotName_SaysWhichLayer()
    {
        AssertUnnameable("unnamed", "a", "");
        AssertUnnameable("shares its name", "a", "a");
        AssertUnnameable("'/a'", "/a");
        AssertUnnameable("'a/0'", "a", "a/0");
    }

    [Fact]
    public void ReadState_OfWeights_SaysSo() => AssertBad(
        () => SolverStateFile.Read(Sample.OfCaffe("adam", "init.caffemodel")), "is weights");

    [Fact]
    public void ReadWeights_OfAState_SaysSo() => AssertBad(
        () => WeightsFile.Read(Sample.OfCaffe("adam", "snap_iter_15.solverstate")), "is a solver state");

    [Fact]
    public void Read_OfTheOtherHdf5File_SaysSo()
    {
        SnapshotEntry entry = Hdf5Snapshot();
        AssertBad(() => WeightsFile.Read(entry.StatePath!), "is an HDF5 file, but not weights");
        AssertBad(() => SolverStateFile.Read(entry.ModelPath!), "is an HDF5 file, but not a solver state");
    }

    [Fact]
    public void Read_OfOtherFiles_SaysWhatTheyAre()
    {
        File.WriteAllText(_folder.At("text"), "name: \"LeNet\"\nlayer {\n}\n");
        File.WriteAllBytes(_folder.At("empty"), []);
        var mean = new BlobProto { Num = 1, Channels = 3, Height = 1, Width = 1, Data = { 1, 2, 3 } };
        File.WriteAllBytes(_folder.At("mean"), mean.ToByteArray());
        File.WriteAllBytes(_folder.At("noise"), [0xFF, 1, 2, 3]);
        AssertBad(() => WeightsFile.Read(_folder.At("text")), "is text");
        AssertBad(() => SolverStateFile.Read(_folder.At("text")), "is text");
        AssertBad(() => WeightsFile.Read(_folder.At("empty")), "is empty");
        AssertBad(() => WeightsFile.Read(_folder.At("mean")), "a mean image");
        AssertBad(() => SolverStateFile.Read(_folder.At("mean")), "no solver state");
        AssertBad(() => WeightsFile.Read(_folder.At("noise")), "damaged");
        AssertBad(() => SolverStateFile.Read(_folder.At("noise")), "damaged");
    }

    [Fact]
    public void Read_OfNoFile_SaysSo()
    {
        foreach (string path in new[] { _folder.At("none"), _folder.At(Path.Combine("no", "ne")) })
        {
            var failure = Assert.Throws<CaffeException>(() => WeightsFile.Read(path));
            Assert.Equal((ErrorCodes.FileNotFound, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(FailureKind.Data, Assert.Throws<CaffeException>(() => WeightsFile.Read(_folder.Path)).Kind);
    }

    [Fact]
    public void Read_OfTruncatedFiles_FailsAsDamageOrGivesLess()
    {
        SnapshotEntry hdf5 = Hdf5Snapshot();
        foreach (string path in new[]
        {
            Sample.OfCaffe("adam", "snap_iter_15.caffemodel"),
            Sample.OfCaffe("adam", "snap_iter_15.solverstate"), hdf5.ModelPath!, hdf5.StatePath!,
        })
        {
            byte[] whole = File.ReadAllBytes(path);
            for (int length = 0; length < whole.Length; length += 13)
            {
                File.WriteAllBytes(_folder.At("cut"), whole[..length]);
                AssertReadsOrFailsAsDamage(() => WeightsFile.Read(_folder.At("cut")));
                AssertReadsOrFailsAsDamage(() => SolverStateFile.Read(_folder.At("cut")));
            }
        }
    }

    private static void AssertReadsOrFailsAsDamage(Action read)
    {
        if (Record.Exception(read) is { } exception)
            Assert.Equal(ErrorCodes.BadSnapshot, Assert.IsType<CaffeException>(exception).Code);
    }

    private static void AssertBad(Action read, string said)
    {
        var failure = Assert.Throws<CaffeException>(read);
        Assert.Equal((ErrorCodes.BadSnapshot, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }

    private static string[] NamesOf(NetParameter net) =>
        [.. net.Layer.Select(layer => layer.Name).Order(StringComparer.Ordinal)];

    private void AssertUnnameable(string said, params string[] names)
    {
        var net = new NetWeights("n", [.. names.Select(name =>
            new LayerWeights(new LayerParameter { Name = name }, [Sample.Blob(1, 2)]))]);
        var failure = Assert.Throws<CaffeException>(() => Write(net));
        Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.Contains("BINARYPROTO", failure.Message, StringComparison.Ordinal);
    }

    private string Write(NetWeights net)
    {
        using FileStream stream = new(_folder.At("net.h5"), FileMode.Create, FileAccess.ReadWrite);
        Hdf5SnapshotWriter.WriteNet(stream, net, withDiff: false);
        return _folder.At("net.h5");
    }

    private SnapshotEntry Hdf5Snapshot() =>
        new SnapshotStore(_folder.At("net")) { Format = SolverParameter.Types.SnapshotFormat.Hdf5 }
            .Save(Sample.Net(), Sample.Progress(15), Sample.Resume());
}
