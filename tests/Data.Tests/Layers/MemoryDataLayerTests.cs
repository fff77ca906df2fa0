using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Layers;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Layers;

public sealed class MemoryDataLayerTests
{
    private static LayerParameter Parameter(uint batch = 2, uint channels = 1, uint height = 1, uint width = 2) => new()
    {
        Type = "MemoryData",
        MemoryDataParam = new MemoryDataParameter
        {
            BatchSize = batch,
            Channels = channels,
            Height = height,
            Width = width,
        },
    };

    [Fact]
    public void Reset_FeedsValuesThatPassesCycleThrough()
    {
        using var harness = new DataHarness<MemoryDataLayer>(Parameter());
        Assert.Equal([2, 1, 1, 2], harness.Tops[0].Shape.ToArray());
        Assert.Equal([2], harness.Tops[1].Shape.ToArray());
        Assert.Null(harness.Layer.RecordCount);
        Assert.Equal(0, harness.Layer.PrefetchDepth);
        harness.Layer.Reset(new float[] { 1, 2, 3, 4, 5, 6, 7, 8 }, new float[] { 10, 20, 30, 40 }, 4);
        Assert.Equal(4, harness.Layer.RecordCount);
        Assert.Equal([1f, 2f, 3f, 4f], harness.Next().Data);
        Assert.Equal([2, 1, 1, 1], harness.Tops[1].Shape.ToArray());
        Assert.Equal([10f, 20f], harness.Tops[1].Data.ToArray());
        Assert.Equal(["2", "3"], harness.Next().Keys);
        Assert.Equal([1f, 2f, 3f, 4f], harness.Next().Data);
        harness.Layer.Reset(new float[] { 9, 9, 8, 8 }, new float[] { 1, 2 }, 2);
        Assert.Equal([9f, 9f, 8f, 8f], harness.Next().Data);
        Assert.Equal(8, harness.Layer.Position);
    }

    [Fact]
    public void Seek_ChoosesTheItem()
    {
        using var harness = new DataHarness<MemoryDataLayer>(Parameter(), rank: 1, count: 2);
        harness.Layer.Reset(new float[] { 1, 2, 3, 4, 5, 6, 7, 8 }, new float[] { 10, 20, 30, 40 }, 4);
        harness.Layer.Seek(6);
        Assert.Equal([30f, 40f], harness.Next().Labels);
        harness.Layer.Seek(3);
        Assert.Equal([40f, 10f], harness.Next().Labels);
        Assert.Equal(5, harness.Layer.Position);
    }

    [Fact]
    public void AddDatums_Transforms_AndWaitsForTheDataBefore()
    {
        LayerParameter parameter = Parameter(width: 1);
        parameter.TransformParam = new TransformationParameter { Scale = 0.5f, CropSize = 1 };
        parameter.Phase = Phase.Test;
        parameter.TransformParam.MeanValue.Add(2);
        using var harness = new DataHarness<MemoryDataLayer>(parameter);
        harness.Layer.AddDatums([Datum(10, 1), Datum(20, 2), Datum(30, 3), Datum(40, 4)]);
        Assert.Equal([4f, 9f], harness.Next().Data);
        Assert.Throws<InvalidOperationException>(() => harness.Layer.AddDatums([Datum(1, 1), Datum(2, 2)]));
        Assert.Equal([14f, 19f], harness.Next().Data);
        Assert.Equal([3f, 4f], harness.Tops[1].Data.ToArray());
        harness.Layer.AddDatums([Datum(4, 7), Datum(6, 8)]);
        Assert.Equal([1f, 2f], harness.Next().Data);
        harness.Layer.Reset(new float[2], new float[2], 2);
        Assert.Contains("transform_param", Assert.Single(harness.Notices), StringComparison.Ordinal);

        static Datum Datum(byte value, int label) => new()
        {
            Channels = 1,
            Height = 3,
            Width = 3,
            Label = label,
            Data = ByteString.CopyFrom(0, 0, 0, 0, value, 0, 0, 0, 0),
        };
    }

    [Fact]
    public void AddImages_TransformsPixels()
    {
        LayerParameter parameter = Parameter(channels: 3, height: 2, width: 2);
        parameter.TransformParam = new TransformationParameter { Scale = 2, CropSize = 2, MeanValue = { 1, 2, 3 } };
        parameter.Phase = Phase.Test;
        using var harness = new DataHarness<MemoryDataLayer>(parameter);
        harness.Layer.AddImages([Image(10, 3, 4), Image(50, 3, 4)], [5, 6.5f]);
        (string[] keys, float[] data, float[] labels) = harness.Next();
        Assert.Equal(["0", "1"], keys);
        Assert.Equal([5, 6.5f], labels);
        // The middle: from row 0 and column 1 on.
        Assert.Equal([20f, 22, 28, 30], data[..4]);
        Assert.Equal((Pixel(50, 2, 1, 2, 3, 4) - 3f) * 2, data[^1]);
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.AddImages([Image(0, 3, 4)], [1])).Code);
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.AddImages([Image(0, 3, 4), Image(0, 3, 4)], [1])).Code);
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.AddImages([Image(0, 1, 4), Image(0, 3, 4)], [1, 2]))
                .Code);
        Assert.Equal(data, harness.Next().Data);

        static int Pixel(int first, int channel, int row, int column, int height, int width) =>
            first + (((channel * height) + row) * width) + column;

        static unsafe PixelBuffer Image(int first, int height, int width)
        {
            var buffer = new PixelBuffer();
            PlanarPixels pixels = buffer.Reserve(3, height, width);
            for (int i = 0; i < 3 * height * width; i++)
                pixels.Data[i] = (byte)(first + i);
            return buffer;
        }
    }

    [Fact]
    public void BatchSize_MayChangeBetweenFeeds()
    {
        using var harness = new DataHarness<MemoryDataLayer>(Parameter(batch: 1));
        harness.Layer.AddDatums([Datum(1), Datum(2), Datum(3)]);
        harness.Forward();
        Assert.Throws<InvalidOperationException>(() => harness.Layer.SetBatchSize(3));
        harness.Forward();
        harness.Forward();
        Assert.Equal(ErrorCodes.BadLayerParameter,
            Assert.Throws<CaffeException>(() => harness.Layer.SetBatchSize(0)).Code);
        harness.Layer.SetBatchSize(3);
        Assert.Equal([1f, 1, 2, 2, 3, 3], harness.Next().Data);
        Assert.Equal([3, 1, 1, 2], harness.Tops[0].Shape.ToArray());
        // What was given to Reset waits for nobody.
        harness.Layer.Reset(new float[6], new float[3], 3);
        harness.Layer.AddDatums([Datum(4), Datum(5), Datum(6)]);
        Assert.Equal([4f, 4, 5, 5, 6, 6], harness.Next().Data);

        static Datum Datum(byte value) =>
            new() { Channels = 1, Height = 1, Width = 2, Data = ByteString.CopyFrom(value, value) };
    }

    [Fact]
    public void WrongUse_IsAnError()
    {
        using var harness = new DataHarness<MemoryDataLayer>(Parameter());
        Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(harness.Forward).Code);
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.Reset(new float[6], new float[3], 3)).Code);
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.Reset(new float[5], new float[2], 2)).Code);
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.AddDatums([new Datum()])).Code);
        var wrong = new Datum { Channels = 1, Height = 1, Width = 3, Data = ByteString.CopyFrom(1, 2, 3) };
        Assert.Equal(ErrorCodes.ShapeMismatch,
            Assert.Throws<CaffeException>(() => harness.Layer.AddDatums([wrong, wrong])).Code);
        Assert.Equal(ErrorCodes.BadRecord,
            Assert.Throws<CaffeException>(() => harness.Layer.AddDatums([new Datum(), new Datum()])).Code);
        Assert.Equal(ErrorCodes.BadLayerParameter,
            Assert.Throws<CaffeException>(() => new DataHarness<MemoryDataLayer>(Parameter(channels: 0))).Code);
        Assert.Equal(ErrorCodes.BlobCount,
            Assert.Throws<CaffeException>(() => new DataHarness<MemoryDataLayer>(Parameter(), tops: 1)).Code);
    }
}
