using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Layers;

/// <summary>Labels that lie in a data base of their own.</summary>
public sealed class DataLayerLabelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public void Labels_GoWithTheirRecords(bool shuffle, int threads)
    {
        Write("images", 10, key => Image(key));
        Write("labels", 10, key => Floats(4, key, key + 0.5f, -key, 1));
        using DataHarness<DataLayer> harness = Harness(shuffle, threads);
        Assert.Equal([4, 4, 1, 1], harness.Tops[1].Shape.ToArray());
        // Over the epoch's end.
        for (int pass = 0; pass < 4; pass++)
        {
            (string[] keys, float[] data, float[] labels) = harness.Next();
            Assert.Equal([4, 4, 1, 1], harness.Tops[1].Shape.ToArray());
            for (int i = 0; i < 4; i++)
            {
                float key = int.Parse(keys[i]);
                Assert.Equal(2 * key, data[i * 4]);
                Assert.Equal([key, key + 0.5f, -key, 1], labels[(4 * i)..(4 * (i + 1))]);
            }
        }
    }

    [Fact]
    public void Labels_MayBeImagesOfBytes()
    {
        Write("images", 4, key => Image(key));
        Write("labels", 4, key => Image(key));
        using DataHarness<DataLayer> harness = Harness();
        Assert.Equal([4, 1, 2, 2], harness.Tops[1].Shape.ToArray());
        // Not scaled as the images are.
        Assert.Equal([3f, 3, 3, 3], harness.Next().Labels[^4..]);
    }

    [Fact]
    public void KeysThatDiffer_AreNamed()
    {
        Write("images", 4, key => Image(key));
        Write("labels", 4, key => Floats(1, key), first: 2);
        Fails(ErrorCodes.BadRecord, "record 0, counted from 0, has the key '00000002' there and '00000000' here",
            () => Harness());
        Write("labels", 3, key => Floats(1, key));
        Fails(ErrorCodes.BadRecord, "record 3, counted from 0, has the key (none) there and '00000003' here",
            () => Harness());

        // One key in the middle: told by the pass that comes to it, whatever the order.
        Write("labels", 4, key => Floats(1, key), rename: 2);
        using DataHarness<DataLayer> harness = Harness();
        CaffeException failure = Assert.Throws<CaffeException>(harness.Forward);
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Contains("record 2, counted from 0, has the key '00000002x' there and '00000002' here", failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNotFit_IsTold()
    {
        Write("images", 4, key => Image(key));
        Write("labels", 4, key => key == 2 ? Floats(2, 1, 2) : Floats(1, key));
        using (DataHarness<DataLayer> uneven = Harness())
            Fails(ErrorCodes.ShapeMismatch, "'00000002' has a label of 2 x 1 x 1 values", uneven.Forward);
        Write("labels", 4, key => key == 1 ? [1, 2, 3] : Floats(1, key).ToByteArray());
        using (DataHarness<DataLayer> damaged = Harness())
            Fails(ErrorCodes.BadRecord, "of the labels in '", damaged.Forward);
        Fails(ErrorCodes.BadLayerParameter, "two tops", () => Harness(tops: 1));
        Directory.Delete(_folder.At("labels"), recursive: true);
        Fails(ErrorCodes.SourceUnreadable, "does not exist", () => Harness());
    }

    private static void Fails(string code, string text, Action action)
    {
        CaffeException failure = Assert.Throws<CaffeException>(action);
        Assert.Equal(code, failure.Code);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }

    private static Datum Image(int value) => new()
    {
        Channels = 1,
        Height = 2,
        Width = 2,
        Label = 99,
        Data = ByteString.CopyFrom([(byte)value, (byte)value, (byte)value, (byte)value]),
    };

    private static Datum Floats(int channels, params float[] values) =>
        new() { Channels = channels, Height = 1, Width = 1, FloatData = { values } };

    private DataHarness<DataLayer> Harness(bool shuffle = false, int threads = 1, int tops = 2)
    {
        var parameter = new LayerParameter
        {
            Type = "Data",
            DataParam = new DataParameter
            {
                Source = _folder.At("images"),
                BatchSize = 4,
                Backend = DataParameter.Types.DB.Lmdb,
            },
            TransformParam = new TransformationParameter { Scale = 2 },
        };
        var extension = new DataExtension(Shuffle: shuffle, Threads: threads) { Labels = _folder.At("labels") };
        return new DataHarness<DataLayer>(parameter, tops, extension: extension);
    }

    private void Write(string name, int count, Func<int, Datum> datum, int first = 0, int rename = -1) =>
        Write(name, count, key => datum(key).ToByteArray(), first, rename);

    private void Write(string name, int count, Func<int, byte[]> datum, int first = 0, int rename = -1)
    {
        string path = _folder.At(name);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path);
        using var writer = new LmdbWriter(path);
        for (int key = first; key < first + count; key++)
            writer.Put(Encoding.UTF8.GetBytes($"{key:D8}{(key == rename ? "x" : "")}"), datum(key));
        writer.Complete();
    }
}
