using System.Diagnostics;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Layers;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Layers;

public sealed class HDF5OutputLayerTests : IDisposable
{
    private static readonly LayerCatalog _catalog = new(typeof(HDF5OutputLayer).Assembly);

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.At("out.h5");

    public void Dispose() => _folder.Dispose();

    private static LayerParameter Parameter(string file) => new()
    {
        Type = "HDF5Output",
        Hdf5OutputParam = new HDF5OutputParameter { FileName = file },
    };

    private static LayerHarness Harness(string file, params Blob[] bottom) =>
        new(Parameter(file), bottom, tops: 0, catalog: _catalog);

    [Fact]
    public void Batches_AreAddedAlongTheFirstAxis()
    {
        Blob data = LayerHarness.RandomBlob(1, [3, 2, 4, 5]), label = LayerHarness.BlobOf([3], 7, 8, 9);
        float[] first = data.Data.ToArray();
        using (LayerHarness harness = Harness(Output, data, label))
        {
            Assert.True(harness.Layer.BelongsToHost);
            harness.Forward();
            harness.Backward(true, true);
            Assert.False(File.Exists(Output));
            // A smaller batch at the end.
            data.Reshape(2, 2, 4, 5);
            label.Reshape(2);
            data.MutableData.Fill(0.5f);
            label.MutableData.Fill(3);
            harness.Forward();
        }

        Assert.Equal(["out.h5"], _folder.Names());
        using var file = new Hdf5Reader(Output);
        Assert.Equal(["data", "label"], file.Datasets().Order());
        Assert.Equal([5, 2, 4, 5], file.ShapeOf("data"));
        Assert.Equal([5, 1, 1, 1], file.ShapeOf("label"));
        Assert.Equal([.. first, .. Enumerable.Repeat(0.5f, 80)], file.ReadFloats("data"));
        Assert.Equal([7, 8, 9, 3, 3], file.ReadFloats("label"));
    }

    [Fact]
    public void Save_WritesWhatThereIsSoFar_AndDisposeTheRest()
    {
        File.WriteAllText(Output, "older");
        Blob data = LayerHarness.BlobOf([1, 2], 1, 2), label = LayerHarness.BlobOf([1], 5);
        using (LayerHarness harness = Harness(Output, data, label))
        {
            harness.Forward();
            Assert.Equal("older", File.ReadAllText(Output));
            ((HDF5OutputLayer)harness.Layer).Save();
            using (var one = new Hdf5Reader(Output))
                Assert.Equal([1, 2, 1, 1], one.ShapeOf("data"));
            data.MutableData[0] = 4;
            harness.Forward();
        }

        using var both = new Hdf5Reader(Output);
        Assert.Equal([1, 2, 4, 2], both.ReadFloats("data"));
    }

    [Fact]
    public void File_CanBeReadAsDataAndByOthers()
    {
        Blob data = LayerHarness.RandomBlob(1, [4, 3]), label = LayerHarness.BlobOf([4], 0, 1, 2, 3);
        using (LayerHarness harness = Harness(Output, data, label))
        {
            harness.Forward();
            harness.Forward();
        }

        var source = new LayerParameter
        {
            Type = "HDF5Data",
            Top = { "data", "label" },
            Hdf5DataParam = new HDF5DataParameter { Source = _folder.Write("list.txt", Output), BatchSize = 8 },
        };
        using var reader = new DataHarness<HDF5DataLayer>(source);
        Assert.Equal([0f, 1, 2, 3, 0, 1, 2, 3], reader.Next().Labels);
        Assert.Equal([8, 3, 1, 1], reader.Tops[0].Shape.ToArray());

        // Where HDF5's own tools are, they read it too.
        string? tool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "h5dump")).FirstOrDefault(File.Exists);
        if (tool is null)
            return;
        using Process process = Process.Start(
            new ProcessStartInfo(tool, ["-d", "label", Output]) { RedirectStandardOutput = true })!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("H5T_IEEE_F32LE", text, StringComparison.Ordinal);
        Assert.Contains("( 8, 1, 1, 1 )", text, StringComparison.Ordinal);
    }

    [Fact]
    public void NetThatRanNothing_LeavesTheFileAlone()
    {
        Harness(Output, new Blob(1, 2), new Blob(1)).Dispose();
        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void FileThatCannotBeWritten_IsToldOnce()
    {
        using (LayerHarness missing = Harness(_folder.At("none", "out.h5"), new Blob(1, 2), new Blob(1)))
            Fails(ErrorCodes.WriteFailed, "cannot write", () => missing.Forward());

        LayerHarness harness = Harness(Output, new Blob(1, 2), new Blob(1));
        harness.Forward();
        Directory.CreateDirectory(Output);
        Fails(ErrorCodes.WriteFailed, "out.h5", ((HDF5OutputLayer)harness.Layer).Save);
        harness.Dispose();
        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void WhatDoesNotFit_IsTold()
    {
        Fails(ErrorCodes.BadLayerParameter, "file_name", () => Harness("", new Blob(1, 2), new Blob(1)));
        Fails(ErrorCodes.BadLayerParameter, "is a folder", () => Harness(_folder.Path, new Blob(1, 2), new Blob(1)));
        Fails(ErrorCodes.BlobCount, "exactly 2 bottom", () => Harness(Output, new Blob(1, 2)));
        Fails(ErrorCodes.BlobCount, "exactly 0 top",
            () => new LayerHarness(Parameter(Output), [new Blob(1, 2), new Blob(1)], catalog: _catalog));
        Fails(ErrorCodes.ShapeMismatch, "same number of rows", () => Harness(Output, new Blob(2, 2), new Blob(3)));
        Fails(ErrorCodes.ShapeMismatch, "at most 4", () => Harness(Output, new Blob(1, 1, 1, 1, 1), new Blob(1)));
        using LayerHarness harness = Harness(Output, new Blob(2, 3), new Blob(2));
        harness.Forward();
        harness.Bottom[0].Reshape(2, 4);
        Fails(ErrorCodes.ShapeMismatch, "bottom 0 now", () => harness.Forward());
    }

    private static void Fails(string code, string text, Action action)
    {
        CaffeException failure = Assert.Throws<CaffeException>(action);
        Assert.Equal(code, failure.Code);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }
}
