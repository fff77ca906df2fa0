using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Hdf5;
using CaffeActors.Testing;
using CsCheck;
using PureHDF;

namespace CaffeActors.Data.Tests.Hdf5;

public sealed class Hdf5FileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reader_ReadsWhatTheWriterWrote() => Gen.Int[0, 5].Array[0, 5].Array[1, 6].Sample(
        shapes =>
        {
            string path = _folder.At("a.h5");
            var writer = new Hdf5Writer();
            float[][] values = [.. shapes.Select((shape, k) =>
                Enumerable.Range(0, Blob.CountOf(shape)).Select(i => (k * 1000) + i + 0.5f).ToArray())];
            for (int k = 0; k < shapes.Length; k++)
                writer.AddFloats($"data/layer{k}/0", shapes[k], values[k]);
            writer.Save(path);
            using var reader = new Hdf5Reader(path);
            Assert.Equal(Enumerable.Range(0, shapes.Length).Select(k => $"layer{k}/0"), reader.Datasets("data"));
            for (int k = 0; k < shapes.Length; k++)
            {
                Assert.Equal(shapes[k], reader.ShapeOf($"data/layer{k}/0"));
                Assert.Equal(values[k], reader.ReadFloats($"/data/layer{k}/0"));
            }
        },
        iter: 100, threads: 1);

    [Fact]
    public void SolverState_HasCaffesForm()
    {
        var writer = new Hdf5Writer();
        writer.AddInteger("iter", 15);
        writer.AddText("learned_net", "lenet_iter_15.caffemodel.h5");
        writer.AddInteger("current_step", 0);
        writer.AddFloats("history/0", [2, 1], [1, 2]);
        writer.AddText("note", "näher");
        writer.AddGroup("data/relu1");
        writer.Save(_folder.At("s.h5"));
        using var reader = new Hdf5Reader(_folder.At("s.h5"));
        Assert.Equal(15, reader.ReadInteger("iter"));
        Assert.Equal([1], reader.ShapeOf("iter"));
        Assert.Equal("lenet_iter_15.caffemodel.h5", reader.ReadText("learned_net"));
        Assert.Empty(reader.ShapeOf("learned_net"));
        Assert.Equal("näher", reader.ReadText("note"));
        Assert.Equal(["relu1"], reader.Children("data"));
        Assert.Empty(reader.Children("data/relu1"));
        Assert.True(reader.HasGroup("data/relu1") && !reader.HasDataset("data/relu1")
            && reader.HasDataset("history/0"));
        Assert.False(reader.HasGroup("data/relu2") || reader.HasGroup("a/b/c"));
        using NativeView text = new(_folder.At("s.h5"));
        Assert.Equal((H5DataTypeClass.String, H5DataspaceType.Scalar), text.KindOf("learned_net"));
    }

    [Fact]
    public void Numbers_OfAnyKind_BecomeFloats()
    {
        var file = new H5File
        {
            ["f64"] = new double[] { 1.5, -2 },
            ["f16"] = new Half[] { (Half)0.5f },
            ["i8"] = new sbyte[] { -3, 4 },
            ["u8"] = new byte[] { 250 },
            ["i16"] = new short[] { -300 },
            ["u16"] = new ushort[] { 65000 },
            ["i32"] = new[] { -70000 },
            ["u32"] = new uint[] { 3_000_000_000 },
            ["i64"] = new long[] { -5_000_000_000 },
            ["u64"] = new ulong[] { 7 },
            ["one"] = 3L,
            ["text"] = new[] { "a", "b" },
        };
        file.Write(_folder.At("n.h5"));
        using var reader = new Hdf5Reader(_folder.At("n.h5"));
        Assert.Equal([1.5f, -2f], reader.ReadFloats("f64"));
        Assert.Equal([0.5f], reader.ReadFloats("f16"));
        Assert.Equal([-3f, 4f], reader.ReadFloats("i8"));
        Assert.Equal([250f], reader.ReadFloats("u8"));
        Assert.Equal([-300f], reader.ReadFloats("i16"));
        Assert.Equal([65000f], reader.ReadFloats("u16"));
        Assert.Equal([-70000f], reader.ReadFloats("i32"));
        Assert.Equal([3e9f], reader.ReadFloats("u32"));
        Assert.Equal([-5e9f], reader.ReadFloats("i64"));
        Assert.Equal([7f], reader.ReadFloats("u64"));
        Assert.Equal(3, reader.ReadInteger("one"));
        Assert.Equal(-300, reader.ReadInteger("i16"));
        Assert.Equal([3f], reader.ReadFloats("one"));
        Assert.Equal("a", reader.ReadText("text"));
        Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(() => reader.ReadFloats("text")).Code);
        Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(() => reader.ReadInteger("f64")).Code);
        Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(() => reader.ReadText("i8")).Code);
    }

    [Fact]
    public void Blobs_GoOutAndIn()
    {
        using var blob = new Blob(2, 3);
        for (int i = 0; i < 6; i++)
            (blob.MutableData[i], blob.MutableDiff[i]) = (i, -i);
        using var scalar = new Blob([]);
        var writer = new Hdf5Writer();
        writer.AddBlob("a", blob);
        writer.AddBlob("b", blob, diff: true);
        writer.AddBlob("c", scalar);
        writer.Save(_folder.At("b.h5"));
        using var reader = new Hdf5Reader(_folder.At("b.h5"));
        using var read = new Blob();
        reader.ReadBlob("b", read);
        Assert.Equal([2, 3], read.Shape.ToArray());
        Assert.Equal(blob.Diff.ToArray(), read.Data.ToArray());
        reader.ReadBlob("c", read);
        Assert.Equal(0, read.AxisCount);
    }

    [Fact]
    public void FilesOfCaffe_AreRead()
    {
        using var reader = new Hdf5Reader(Fixture.PathOf("data-plain.h5"));
        Assert.Equal(["batch0", "batch1", "batch2"], reader.Children().Order(StringComparer.Ordinal));
        Assert.Equal([4, 3, 32, 32], reader.ShapeOf("batch0/data"));
        Assert.Equal([0f, 1f, 2f, 3f], reader.ReadFloats("batch0/label"));
        Assert.True(Hdf5Reader.IsHdf5(Fixture.PathOf("data-plain.h5")));
        Assert.False(Hdf5Reader.IsHdf5(Fixture.PathOf("db-keys.txt")));
    }

    [Fact]
    public void MissingOrDamagedFiles_AreErrors()
    {
        byte[] bytes = File.ReadAllBytes(Fixture.PathOf("data-gray.h5"));
        for (int length = 0; length < bytes.Length; length += 3001)
        {
            File.WriteAllBytes(_folder.At("cut.h5"), bytes[..length]);
            CaffeException failure = Assert.Throws<CaffeException>(() =>
            {
                using var reader = new Hdf5Reader(_folder.At("cut.h5"));
                foreach (string path in reader.Datasets())
                    reader.ReadFloats(path);
            });
            Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
        }

        Assert.Contains("none.h5", Assert.Throws<CaffeException>(() => new Hdf5Reader(_folder.At("none.h5"))).Message,
            StringComparison.Ordinal);
        using var whole = new Hdf5Reader(Fixture.PathOf("data-gray.h5"));
        Assert.Contains("it has batch0/data, batch0/label",
            Assert.Throws<CaffeException>(() => whole.ReadFloats("batch9/data")).Message, StringComparison.Ordinal);
        Assert.Throws<CaffeException>(() => whole.Children("batch9"));
        Assert.Throws<CaffeException>(() => whole.ReadFloats("batch0"));
    }

    [Fact]
    public void Names_ThatCollide_AreErrors()
    {
        var writer = new Hdf5Writer();
        writer.AddFloats("a/b", [1], [1]);
        foreach (string path in (string[])["a/b", "a/b/c", "a"])
        {
            CaffeException failure = Assert.Throws<CaffeException>(() => writer.AddFloats(path, [1], [1]));
            Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
        }

        writer.AddGroup("a");
        Assert.Throws<ArgumentException>(() => writer.AddFloats("c", [2], [1]));
        CaffeException unwritable = Assert.Throws<CaffeException>(() => writer.Save(_folder.At("no/where.h5")));
        Assert.Equal(ErrorCodes.WriteFailed, unwritable.Code);
    }

    private sealed class NativeView(string path) : IDisposable
    {
        private readonly PureHDF.VOL.Native.NativeFile _file = H5File.OpenRead(path);

        public (H5DataTypeClass Class, H5DataspaceType Space) KindOf(string name) =>
            (_file.Dataset(name).Type.Class, _file.Dataset(name).Space.Type);

        public void Dispose() => _file.Dispose();
    }
}
