using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.Hdf5;
using CaffeActors.Data.Transforms;
using CaffeActors.Testing;
using PureHDF;
using PureHDF.Filters;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace CaffeActors.Data.Tests.Sources.Hdf5;

public sealed class Hdf5RowsTests : IDisposable
{
    private const int Rows = 3000, RowLength = 30;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, bool, long> Cases()
    {
        var cases = new TheoryData<string, bool, long>();
        foreach (string layout in (string[])["plain", "chunks", "packed", "wide"])
        {
            foreach (bool shuffled in (bool[])[false, true])
            {
                foreach (long memory in (long[])[1, 20_000, 100_000, Hdf5Rows.StandardMemory])
                    cases.Add(layout, shuffled, memory);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Row_IsTheFilesRow_AndMemoryIsBounded(string layout, bool shuffled, long memory)
    {
        string path = _folder.At("rows.h5");
        Write(path, layout);
        using var rows = new Hdf5Rows([path], ["data", "label"], shuffled, memory);
        Assert.Equal(Rows, rows.Count);
        Assert.Equal([5, 6], rows.RowShape(0).ToArray());
        var order = new Permutation(Rows, key: 5);
        for (int i = 0; i < Rows; i += shuffled ? 3 : 1)
        {
            long row = shuffled ? order[i] : i;
            ReadOnlySpan<float> data = rows.Row(0, row, 0);
            Assert.Equal(RowLength, data.Length);
            Assert.Equal(row * RowLength, data[0]);
            Assert.Equal((row * RowLength) + RowLength - 1, data[^1]);
            Assert.Equal(row % 7, rows.Row(0, row, 1)[0]);
            // At least one row of each dataset.
            Assert.InRange(rows.Bytes, 1, Math.Max(memory, (RowLength + 1) * sizeof(float)));
        }
    }

    [Fact]
    public void FileThatFits_IsInMemoryWhole()
    {
        string path = _folder.At("rows.h5");
        Write(path, "plain");
        using var rows = new Hdf5Rows([path], ["data"], shuffled: true);
        for (int i = 0; i < Rows; i++)
            rows.Row(0, i, 0);
        Assert.Equal(Rows * RowLength * sizeof(float), rows.Bytes);
    }

    [Fact]
    public void Numbers_OfAnyKindBecomeFloats()
    {
        string path = _folder.At("kinds.h5");
        var file = new H5File
        {
            ["double"] = new H5Dataset((double[])[0.5, -1, 2], fileDims: [3]),
            ["half"] = new H5Dataset((Half[])[(Half)0.5, (Half)(-1), (Half)2], fileDims: [3]),
            ["byte"] = new H5Dataset((byte[])[0, 200, 255], fileDims: [3]),
            ["sbyte"] = new H5Dataset((sbyte[])[-128, 0, 127], fileDims: [3]),
            ["short"] = new H5Dataset((short[])[-300, 0, 300], fileDims: [3]),
            ["ushort"] = new H5Dataset((ushort[])[0, 1, 65535], fileDims: [3]),
            ["int"] = new H5Dataset((int[])[-70000, 0, 70000], fileDims: [3]),
            ["uint"] = new H5Dataset((uint[])[0, 1, 4294967295], fileDims: [3]),
            ["long"] = new H5Dataset((long[])[-5000000000, 0, 1], fileDims: [3]),
            ["ulong"] = new H5Dataset((ulong[])[0, 1, 5000000000], fileDims: [3]),
        };
        file.Write(path);
        (string Name, float[] Values)[] expected =
        [
            ("double", [0.5f, -1, 2]), ("half", [0.5f, -1, 2]), ("byte", [0, 200, 255]), ("sbyte", [-128, 0, 127]),
            ("short", [-300, 0, 300]), ("ushort", [0, 1, 65535]), ("int", [-70000, 0, 70000]),
            ("uint", [0, 1, 4294967295]), ("long", [-5000000000, 0, 1]), ("ulong", [0, 1, 5000000000]),
        ];
        using var rows = new Hdf5Rows([path], [.. expected.Select(kind => kind.Name)]);
        for (int i = 0; i < expected.Length; i++)
        {
            for (int row = 0; row < 3; row++)
                Assert.Equal(expected[i].Values[row], rows.Row(0, row, i)[0]);
        }
    }

    [Fact]
    public void DatasetOfMoreThanTwoToThe31Numbers_IsReadToItsEnd()
    {
        // What is not written takes no place on the disk.
        string path = _folder.At("large.h5");
        const long Count = (1L << 31) + 100;
        var bytes = new H5Dataset<byte[]>(fileDims: [Count], chunks: [1 << 20]);
        var file = new H5File { ["data"] = bytes };
        using (H5NativeWriter writer = file.BeginWrite(path))
        {
            writer.Write(bytes, (byte[])[7, 8, 9],
                fileSelection: new HyperslabSelection((ulong)Count - 3, 3));
        }

        using var rows = new Hdf5Rows([path], ["data"], shuffled: true);
        Assert.Equal(Count, rows.Count);
        Assert.Equal([7f, 8f, 9f], ((int[])[3, 2, 1]).Select(i => rows.Row(0, Count - i, 0)[0]));
        Assert.Equal(0, rows.Row(0, 1L << 30, 0)[0]);
        Assert.InRange(rows.Bytes, 1, Hdf5Rows.StandardMemory);
    }

    [Fact]
    public void FileThatChanged_IsToldOfWhenItIsOpenedAgain()
    {
        Write(_folder.At("a.h5"), "plain");
        Write(_folder.At("b.h5"), "plain");
        using var rows = new Hdf5Rows([_folder.At("a.h5"), _folder.At("b.h5")], ["data"]);
        Assert.Equal(0, rows.Row(1, 0, 0)[0]);
        File.Delete(_folder.At("a.h5"));
        new H5File { ["data"] = new H5Dataset(new float[RowLength], fileDims: [1, 5, 6]) }.Write(_folder.At("a.h5"));
        CaffeException failure = Assert.Throws<CaffeException>(() => rows.Row(0, 0, 0));
        Assert.Contains("has changed", failure.Message, StringComparison.Ordinal);
        Assert.Equal(30, rows.Row(1, 1, 0)[0]);
    }

    [Fact]
    public void RowsWithoutNumbers_AreRefused()
    {
        new H5File { ["data"] = new H5Dataset(Array.Empty<float>(), fileDims: [4, 0]) }.Write(_folder.At("empty.h5"));
        CaffeException failure =
            Assert.Throws<CaffeException>(() => new Hdf5Rows([_folder.At("empty.h5")], ["data"]));
        Assert.Equal(ErrorCodes.BadRecord, failure.Code);
        Assert.Contains("holds no numbers", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RowsThatTheFileCannotHold_AreRefused()
    {
        float[] values = new float[1 << 20];
        var file = new H5File { ["data"] = new H5Dataset(values, fileDims: [1, (ulong)values.Length]) };
        file.Write(_folder.At("claim.h5"));
        byte[] bytes = File.ReadAllBytes(_folder.At("claim.h5"));
        // The header says the second axis.
        int at = bytes.AsSpan().IndexOf(BitConverter.GetBytes((ulong)values.Length));
        BitConverter.GetBytes(1UL << 30).CopyTo(bytes, at);
        File.WriteAllBytes(_folder.At("claim.h5"), bytes);
        CaffeException failure =
            Assert.Throws<CaffeException>(() => new Hdf5Rows([_folder.At("claim.h5")], ["data"]));
        Assert.Contains("claims 1073741824 numbers", failure.Message, StringComparison.Ordinal);
    }

    // Row r holds 30 r, 30 r + 1, ...; its label is r mod 7.
    private static void Write(string path, string layout)
    {
        float[] data = [.. Enumerable.Range(0, Rows * RowLength)];
        float[] labels = [.. Enumerable.Range(0, Rows).Select(row => row % 7)];
        uint[]? chunks = layout switch
        {
            "chunks" => [100, 5, 6],
            "packed" => [64, 5, 6],
            "wide" => [7, 2, 6],
            _ => null,
        };
        var creation = new H5DatasetCreation(
            Filters: layout == "packed" ? [ShuffleFilter.Id, DeflateFilter.Id] : null);
        var file = new H5File
        {
            ["data"] = new H5Dataset(data, chunks, fileDims: [Rows, 5, 6], datasetCreation: creation),
            ["label"] = new H5Dataset(labels, fileDims: [Rows]),
        };
        file.Write(path, new H5WriteOptions(PreferCompactDatasetLayout: false));
    }
}
