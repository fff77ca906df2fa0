using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using CsCheck;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Layers;

public sealed class DataLayerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Records_ComeInKeyOrderAndBegin_AgainAfterTheLast()
    {
        using var harness = Harness(Numbers(5), batch: 3);
        Assert.Equal(5, harness.Layer.RecordCount);
        Assert.Equal(4, harness.Layer.PrefetchDepth);
        Assert.Equal(["00000000", "00000001", "00000002"], harness.Next().Keys);
        Assert.Empty(harness.Notices);
        Assert.Equal(["00000003", "00000004", "00000000"], harness.Next().Keys);
        Assert.Equal("Restarting data prefetching from start.", Assert.Single(harness.Notices));
        Assert.Equal(["00000001", "00000002", "00000003"], harness.Next().Keys);
        Assert.Single(harness.Notices);
        Assert.Equal(9, harness.Layer.Position);
    }

    [Fact]
    public void Labels_BecomeFloats_AndAreLeftOutWithoutTheirTop()
    {
        string path = Write(("a", Pixel(1, -3)), ("b", Pixel(2, 16_777_217)), ("c", Pixel(3, 7)));
        using var harness = Harness(path, batch: 3);
        Assert.Equal([-3f, 16_777_216f, 7f], harness.Next().Labels);
        using var single = new DataHarness<DataLayer>(Parameter(path, 3), tops: 1);
        Assert.Equal([1f, 2f, 3f], single.Next().Data);
    }

    [Fact]
    public void Floats_AreReadWhereThereAreNoBytes()
    {
        var datum = new Datum { Channels = 2, Height = 1, Width = 3, Label = 4 };
        datum.FloatData.Add([1.5f, -2f, 3f, 4f, 5f, 1e6f]);
        LayerParameter parameter = Parameter(Write(("a", datum)), 1);
        parameter.TransformParam = new TransformationParameter { Scale = 2 };
        using var harness = new DataHarness<DataLayer>(parameter);
        Assert.Equal([3f, -4f, 6f, 8f, 10f, 2e6f], harness.Next().Data);
        Assert.Equal([1, 2, 1, 3], harness.Tops[0].Shape.ToArray());
    }

    [Fact]
    public void Shape_IsTakenFromEachBatch()
    {
        var small = new Datum { Channels = 1, Height = 2, Width = 2, Data = ByteString.CopyFrom(1, 2, 3, 4) };
        var large = new Datum { Channels = 1, Height = 1, Width = 6, Data = ByteString.CopyFrom(1, 2, 3, 4, 5, 6) };
        string path = Write(("a", small), ("b", large));
        using (var harness = Harness(path, batch: 1))
        {
            Assert.Equal([1f, 2f, 3f, 4f], harness.Next().Data);
            Assert.Equal(6, harness.Next().Data.Length);
            Assert.Equal([1, 1, 1, 6], harness.Tops[0].Shape.ToArray());
            Assert.Equal(4, harness.Next().Data.Length);
        }

        using var mixed = Harness(path, batch: 2);
        CaffeException failure = Assert.Throws<CaffeException>(mixed.Forward);
        Assert.Equal((ErrorCodes.ShapeMismatch, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("'b'", failure.Message, StringComparison.Ordinal);
        // After a failure the same records are read again.
        Assert.Contains("'b'", Assert.Throws<CaffeException>(mixed.Forward).Message, StringComparison.Ordinal);
        Assert.Equal(0, mixed.Layer.Position);
    }

    [Theory]
    [InlineData("no datum", "no Datum")]
    [InlineData("too few bytes", "holds 3 bytes")]
    [InlineData("too few floats", "holds 1 float")]
    [InlineData("no image", "no image file")]
    [InlineData("cut image", "cut short")]
    [InlineData("empty", "0 x 0 x 0")]
    [InlineData("huge", "2147483647 x 2147483647 x 4")]
    public void DamagedRecords_AreNamed(string damage, string text)
    {
        byte[] image = File.ReadAllBytes(Fixture.PathOf("images", "img00.png"));
        var datum = new Datum { Channels = 1, Height = 2, Width = 2 };
        if (damage == "too few bytes")
            datum.Data = ByteString.CopyFrom(1, 2, 3);
        if (damage == "too few floats")
            datum.FloatData.Add(1);
        if (damage == "no image")
            datum = new Datum { Encoded = true, Data = ByteString.CopyFrom(1, 2, 3) };
        if (damage == "cut image")
            datum = new Datum { Encoded = true, Data = ByteString.CopyFrom(image.AsSpan(0, 4000)) };
        if (damage == "huge")
            datum = new Datum { Channels = int.MaxValue, Height = int.MaxValue, Width = 4 };
        byte[] value = damage switch { "no datum" => [0x0F, 1, 2], "empty" => [], _ => datum.ToByteArray() };
        string path = Write([("good", Pixel(1).ToByteArray()), ("worse", value)]);
        using var harness = Harness(path, batch: 2);
        CaffeException failure = Assert.Throws<CaffeException>(harness.Forward);
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("'worse'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'data' (Data)", failure.Message, StringComparison.Ordinal);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SetUp_RefusesWhatCannotWork()
    {
        string path = Numbers(3);
        Fails(ErrorCodes.SourceUnreadable, Parameter(_folder.At("none"), 1));
        Fails(ErrorCodes.SourceUnreadable, Parameter(Write(Array.Empty<(string, Datum)>()), 1));
        Fails(ErrorCodes.BadLayerParameter, Parameter(path, 0));
        Fails(ErrorCodes.BadLayerParameter, Parameter("", 1));
        Fails(ErrorCodes.BlobCount, Parameter(path, 1), tops: 3);
        Fails(ErrorCodes.BlobCount, Parameter(path, 1), tops: 0);
        Fails(ErrorCodes.BadLayerParameter, Parameter(path, 1), extension: new DataExtension(ResizeHeight: 4));
        LayerParameter crop = Parameter(path, 1);
        crop.TransformParam = new TransformationParameter { CropSize = 9 };
        Fails(ErrorCodes.ShapeMismatch, crop);

        static void Fails(string code, LayerParameter parameter, int tops = 2, object? extension = null)
        {
            CaffeException failure = Assert.Throws<CaffeException>(
                () => new DataHarness<DataLayer>(parameter, tops, extension: extension));
            Assert.Equal(code, failure.Code);
            Assert.StartsWith("layer 'data' (Data): ", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ForcedColor_OfRecordsThatAreNotEncoded_IsNotedOnce()
    {
        LayerParameter parameter = Parameter(Numbers(3), 3);
        parameter.TransformParam = new TransformationParameter { ForceColor = true };
        using var harness = new DataHarness<DataLayer>(parameter);
        Assert.Equal([0f, 1f, 2f], harness.Next().Data);
        Assert.Contains("force_color", Assert.Single(harness.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Seek_EqualsReadingUpToThere() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 7], Gen.Int[0, 30], Gen.Bool, Gen.Int[1, 3], Gen.ULong).Sample(
            (records, batch, batches, shuffle, replicas, seed) =>
            {
                using var folder = new TemporaryFolder();
                string path = WriteTo(folder, Pictures(records));
                LayerParameter parameter = Parameter(path, batch);
                parameter.TransformParam = new TransformationParameter { Mirror = true, CropSize = 3 };
                int rank = (int)(seed % (ulong)replicas);
                using DataHarness<DataLayer> straight = Make(), jumped = Make();
                for (int i = 0; i < batches; i++)
                    straight.Forward();
                Assert.Equal((long)batches * batch * replicas, straight.Layer.Position);
                jumped.Layer.Seek(straight.Layer.Position);
                for (int i = 0; i < 3; i++)
                {
                    (string[] keys, float[] data, float[] labels) = straight.Next();
                    (string[] jumpedKeys, float[] jumpedData, float[] jumpedLabels) = jumped.Next();
                    Assert.Equal(keys, jumpedKeys);
                    Assert.Equal(data, jumpedData);
                    Assert.Equal(labels, jumpedLabels);
                }

                Assert.Equal(straight.Layer.Position, jumped.Layer.Position);

                DataHarness<DataLayer> Make() =>
                    new(parameter, rank: rank, count: replicas, seed: seed, extension: new DataExtension(shuffle));
            },
            iter: 100);

    [Fact]
    public void Shuffle_TakesEachRecordOnceInEachEpoch_InAnotherOrder()
    {
        using var harness = new DataHarness<DataLayer>(
            Parameter(Numbers(60), 20), extension: new DataExtension(Shuffle: true));
        string[][] epochs =
        [
            .. Enumerable.Range(0, 4).Select(_ =>
                (string[])[.. harness.Next().Keys, .. harness.Next().Keys, .. harness.Next().Keys]),
        ];
        foreach (string[] epoch in epochs)
            Assert.Equal(Enumerable.Range(0, 60).Select(i => $"{i:D8}"), epoch.Order(StringComparer.Ordinal));
        Assert.Equal(4, epochs.DistinctBy(epoch => string.Join(' ', epoch)).Count());
        using var other = new DataHarness<DataLayer>(
            Parameter(Numbers(60), 20), extension: new DataExtension(Shuffle: true), seed: 3);
        Assert.NotEqual(epochs[0][..20], other.Next().Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replicas_ShareTheRecordsOutInTrain_AndReadAllInTest(bool shuffle)
    {
        string path = Numbers(10);
        var extension = new DataExtension(Shuffle: shuffle);
        using var whole = new DataHarness<DataLayer>(Parameter(path, 12), extension: extension);
        DataHarness<DataLayer>[] parts =
        [
            .. Enumerable.Range(0, 3).Select(rank =>
                new DataHarness<DataLayer>(Parameter(path, 4), rank: rank, count: 3, extension: extension)),
        ];
        for (int pass = 0; pass < 5; pass++)
        {
            string[] expected = whole.Next().Keys;
            for (int rank = 0; rank < 3; rank++)
            {
                Assert.Equal(Enumerable.Range(0, 4).Select(i => expected[(3 * i) + rank]), parts[rank].Next().Keys);
                Assert.Equal(whole.Layer.Position, parts[rank].Layer.Position);
            }
        }

        foreach (DataHarness<DataLayer> part in parts)
            part.Dispose();
        LayerParameter test = Parameter(path, 4);
        test.Phase = Phase.Test;
        using var tested = new DataHarness<DataLayer>(test, rank: 2, count: 3);
        Assert.Equal(["00000000", "00000001", "00000002", "00000003"], tested.Next().Keys);
        Assert.Equal(4, tested.Layer.Position);
    }

    [Fact]
    public void ResizingAndColor_ComeBeforeTheTransformation()
    {
        LayerParameter parameter = Parameter(Fixture.PathOf("gray_lmdb"), 2);
        parameter.Phase = Phase.Test;
        parameter.TransformParam = new TransformationParameter { CropSize = 227 };
        parameter.TransformParam.MeanValue.Add([1f, 2f, 3f]);
        using var harness = new DataHarness<DataLayer>(
            parameter, extension: new DataExtension(false, 256, 256, Color: true));
        float[] data = harness.Next().Data;
        Assert.Equal([2, 3, 227, 227], harness.Tops[0].Shape.ToArray());
        for (int i = 0; i < 227 * 227; i++)
        {
            Assert.Equal(data[i] - 1, data[i + (227 * 227)]);
            Assert.Equal(data[i] - 2, data[i + (2 * 227 * 227)]);
        }

        var floats = new Datum { Channels = 1, Height = 1, Width = 1, Label = 4 };
        floats.FloatData.Add(1);
        Assert.Equal(ErrorCodes.BadRecord, Assert.Throws<CaffeException>(() => new DataHarness<DataLayer>(
            Parameter(Write(("a", floats)), 1), extension: new DataExtension(false, 2, 2))).Code);
    }

    private static DataHarness<DataLayer> Harness(string path, int batch) => new(Parameter(path, batch));

    private static LayerParameter Parameter(string path, int batch) => new()
    {
        Type = "Data",
        DataParam = new DataParameter { Source = path, BatchSize = (uint)batch, Backend = DataParameter.Types.DB.Lmdb },
    };

    private static Datum Pixel(int value, int label = 0) =>
        new() { Channels = 1, Height = 1, Width = 1, Data = ByteString.CopyFrom((byte)value), Label = label };

    private static IEnumerable<(string, Datum)> Pictures(int count) => Enumerable.Range(0, count).Select(i =>
        ($"{i:D8}", new Datum
        {
            Channels = 2,
            Height = 4,
            Width = 5,
            Label = i,
            Data = ByteString.CopyFrom([.. Enumerable.Range(0, 40).Select(k => (byte)((i * 7) + k))]),
        }));

    private static string WriteTo(TemporaryFolder folder, IEnumerable<(string Key, Datum Datum)> records)
    {
        string path = folder.At(Path.GetRandomFileName());
        using var writer = new LmdbWriter(path);
        foreach ((string key, Datum datum) in records)
            writer.Put(Encoding.UTF8.GetBytes(key), datum.ToByteArray());
        writer.Complete();
        return path;
    }

    private string Numbers(int count) =>
        WriteTo(_folder, Enumerable.Range(0, count).Select(i => ($"{i:D8}", Pixel(i, i % 10))));

    private string Write(params (string, Datum)[] records) => WriteTo(_folder, records);

    private string Write((string Key, byte[] Value)[] records)
    {
        string path = _folder.At(Path.GetRandomFileName());
        using var writer = new LmdbWriter(path);
        foreach ((string key, byte[] value) in records)
            writer.Put(Encoding.UTF8.GetBytes(key), value);
        writer.Complete();
        return path;
    }
}
