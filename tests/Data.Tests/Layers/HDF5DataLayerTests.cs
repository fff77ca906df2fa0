using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Layers;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Layers;

public sealed class HDF5DataLayerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_FlowFromFileToFileAndRoundAgain()
    {
        using var harness = Harness(3, false, 2, 3);
        Assert.Equal(5, harness.Layer.RecordCount);
        Assert.Equal([3, 2, 2], harness.Tops[0].Shape.ToArray());
        Assert.Equal([3], harness.Tops[1].Shape.ToArray());
        (string[] keys, float[] data, float[] labels) = harness.Next();
        Assert.Equal([0f, 1f, 2f], labels);
        Assert.Equal([0f, 0.25f, 0.5f, 0.75f, 1f, 1.25f, 1.5f, 1.75f, 2f, 2.25f, 2.5f, 2.75f], data);
        Assert.Equal([$"{_folder.At("0.h5")}:0", $"{_folder.At("0.h5")}:1", $"{_folder.At("1.h5")}:0"], keys);
        Assert.Equal([3f, 4f, 0f], harness.Next().Labels);
        Assert.Equal([1f, 2f, 3f], harness.Next().Labels);
        Assert.Equal(9, harness.Layer.Position);
    }

    [Fact]
    public void Shuffle_TakesEachRowOnceInEachEpoch_FileByFile()
    {
        using var harness = Harness(20, true, 7, 1, 12);
        float[][] epochs = [.. Enumerable.Range(0, 6).Select(_ => harness.Next().Labels)];
        foreach (float[] epoch in epochs)
        {
            Assert.Equal(Enumerable.Range(0, 20).Select(i => (float)i), epoch.Order());
            // A file's rows stay together: 0-6, 7, 8-19.
            Assert.Equal(2, epoch.Zip(epoch.Skip(1)).Count(pair => FileOf(pair.First) != FileOf(pair.Second)));
        }

        Assert.Equal(6, epochs.DistinctBy(epoch => string.Join(' ', epoch)).Count());
        Assert.True(epochs.Select(epoch => FileOf(epoch[0])).Distinct().Count() > 1);

        static int FileOf(float label) => label < 7 ? 0 : label < 8 ? 1 : 2;
    }

    [Fact]
    public void Seek_EqualsReadingUpToThere() =>
        Gen.Select(Gen.Int[1, 6].Array[1, 4], Gen.Int[1, 5], Gen.Int[0, 12], Gen.Bool, Gen.Int[1, 3]).Sample(
            (files, batch, batches, shuffle, replicas) =>
            {
                using DataHarness<HDF5DataLayer> straight = Make(), jumped = Make();
                for (int i = 0; i < batches; i++)
                    straight.Forward();
                jumped.Layer.Seek(straight.Layer.Position);
                for (int i = 0; i < 3; i++)
                    Assert.Equal(straight.Next().Data, jumped.Next().Data);
                Assert.Equal((batches + 3L) * batch * replicas, jumped.Layer.Position);

                DataHarness<HDF5DataLayer> Make() => Harness(batch, shuffle, replicas, files);
            },
            iter: 40, threads: 1);

    [Fact]
    public void Replicas_ShareTheRowsOut()
    {
        using DataHarness<HDF5DataLayer> whole = Harness(6, true, 1, [4, 5]);
        using DataHarness<HDF5DataLayer> second = Harness(3, true, 2, [4, 5], rank: 1);
        for (int i = 0; i < 5; i++)
            Assert.Equal(whole.Next().Labels.Where((_, k) => k % 2 == 1), second.Next().Labels);
    }

    [Fact]
    public void SetUp_RefusesWhatCannotWork()
    {
        string good = Files([2])[0];
        File.WriteAllText(_folder.At("text.h5"), "no HDF5 file at all, though it is called one");
        Save("scalar.h5", [], [2]);
        Save("uneven.h5", [2, 4], [3]);
        Save("other.h5", [2, 3], [2]);
        Fails(ErrorCodes.SourceUnreadable, "lists no", "");
        Fails(ErrorCodes.SourceUnreadable, "none.h5", _folder.At("none.h5"));
        Fails(ErrorCodes.SourceUnreadable, "no HDF5 file", _folder.At("text.h5"));
        Fails(ErrorCodes.BadRecord, "single number", _folder.At("scalar.h5"));
        Fails(ErrorCodes.BadRecord, "3 rows", _folder.At("uneven.h5"));
        Fails(ErrorCodes.BadRecord, "3 (3)", $"{good}\n{_folder.At("other.h5")}");
        LayerParameter extra = Parameter(2, false);
        extra.TransformParam = new TransformationParameter();
        Throws(ErrorCodes.BadLayerParameter, "transform_param", extra);
        Throws(ErrorCodes.BadLayerParameter, "batch_size", Parameter(0, false));
        LayerParameter missing = Parameter(1, false);
        missing.Top[1] = "labels";
        File.WriteAllText(_folder.At("list.txt"), good);
        Throws(ErrorCodes.SourceUnreadable, "'labels' in it; it has data, label", missing);
        missing.Hdf5DataParam.Source = _folder.At("nowhere.txt");
        Throws(ErrorCodes.SourceUnreadable, "nowhere.txt", missing);

        void Fails(string code, string text, string list)
        {
            File.WriteAllText(_folder.At("list.txt"), list);
            Throws(code, text, Parameter(1, false));
        }

        static void Throws(string code, string text, LayerParameter parameter)
        {
            CaffeException failure = Assert.Throws<CaffeException>(() => new DataHarness<HDF5DataLayer>(parameter));
            Assert.Contains(text, failure.Message, StringComparison.Ordinal);
            Assert.Equal(code, failure.Code);
            Assert.StartsWith("layer 'data' (HDF5Data): ", failure.Message, StringComparison.Ordinal);
        }
    }

    private void Save(string name, int[] dataShape, int[] labelShape)
    {
        var writer = new Hdf5Writer();
        writer.AddFloats("data", dataShape, new float[dataShape.Aggregate(1, (a, b) => a * b)]);
        writer.AddFloats("label", labelShape, new float[labelShape[0]]);
        writer.Save(_folder.At(name));
    }

    // Labels count on over all files; a row's data are label, label + 0.25, ...
    private string[] Files(int[] rows)
    {
        var paths = new string[rows.Length];
        int label = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            float[] labels = [.. Enumerable.Range(label, rows[i])];
            var writer = new Hdf5Writer();
            float[] data = [.. labels.SelectMany(l => (float[])[l, l + 0.25f, l + 0.5f, l + 0.75f])];
            writer.AddFloats("data", [rows[i], 2, 2], data);
            writer.AddFloats("label", [rows[i]], labels);
            paths[i] = _folder.At($"{i}.h5");
            writer.Save(paths[i]);
            label += rows[i];
        }

        return paths;
    }

    private LayerParameter Parameter(int batch, bool shuffle)
    {
        var parameter = new LayerParameter
        {
            Type = "HDF5Data",
            Hdf5DataParam = new HDF5DataParameter
            {
                Source = _folder.At("list.txt"),
                BatchSize = (uint)batch,
                Shuffle = shuffle,
            },
        };
        parameter.Top.Add(["data", "label"]);
        return parameter;
    }

    private DataHarness<HDF5DataLayer> Harness(int batch, bool shuffle, params int[] files) =>
        Harness(batch, shuffle, 1, files);

    private DataHarness<HDF5DataLayer> Harness(int batch, bool shuffle, int replicas, int[] files, int rank = 0)
    {
        // Relative names in the list go through the context, too.
        File.WriteAllLines(_folder.At("list.txt"), Files(files).Select(path => Path.GetFileName(path)));
        return new DataHarness<HDF5DataLayer>(Parameter(batch, shuffle), rank: rank, count: replicas,
            resolve: path => Path.Combine(_folder.Path, path));
    }
}
