using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Transforms;
using CaffeActors.Testing;
using CsCheck;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Transforms;

public sealed unsafe class DataTransformerTests
{
    private const ulong Seed = 5;
    private const ulong Stream = 9;

    [Fact]
    public void Transform_IsTheFormula_WhateverTheParameters() =>
        Gen.Select(
                Gen.Int[1, 4], Gen.Int[1, 40], Gen.Int[1, 70], Gen.Int[0, 40], Gen.Bool, Gen.Int[0, 3], Gen.Bool,
                Gen.Long[0, 99999])
            .Sample((channels, height, width, crop, mirror, mean, train, record) =>
            {
                crop = Math.Min(crop, Math.Min(height, width));
                using var folder = new TemporaryFolder();
                var parameter = new TransformationParameter { Scale = 0.37f, Mirror = mirror, CropSize = (uint)crop };
                float[] full = new float[channels * height * width];
                if (mean == 1)
                    parameter.MeanValue.Add(11.5f);
                if (mean == 2)
                    parameter.MeanValue.Add(Enumerable.Range(0, channels).Select(c => 3f + c));
                if (mean == 3)
                    parameter.MeanFile = MeanFile(folder, channels, height, width);
                for (int i = 0; i < full.Length; i++)
                    full[i] = mean switch { 0 => 0, 1 => 11.5f, 2 => 3 + (i / (height * width)), _ => MeanAt(i) };

                DataTransformer transformer = Make(parameter, train ? Phase.Train : Phase.Test);
                byte[] image = [.. full.Select((_, i) => (byte)((i * 37) ^ (i >> 3)))];
                (int outChannels, int outHeight, int outWidth) = transformer.OutputShape(channels, height, width);
                Assert.Equal(channels, outChannels);
                Assert.Equal(crop > 0 ? (crop, crop) : (height, width), (outHeight, outWidth));
                var result = new float[channels * outHeight * outWidth];
                var floats = new float[result.Length];
                fixed (byte* data = image)
                fixed (float* target = result, floatTarget = floats)
                fixed (float* same = Array.ConvertAll(image, value => (float)value))
                {
                    transformer.Transform(new PlanarPixels(data, channels, height, width), record, target);
                    transformer.Transform(same, (long)height * width, channels, height, width, record, floatTarget);
                }

                var draw = new RandomDraw(Seed, Stream, (ulong)record);
                bool flip = mirror && draw.Bits(0) % 2 == 1;
                int top = crop == 0 ? 0 : train ? (int)(draw.Bits(1) % (uint)(height - crop + 1)) : (height - crop) / 2;
                int left = crop == 0 ? 0 : train ? (int)(draw.Bits(2) % (uint)(width - crop + 1)) : (width - crop) / 2;
                for (int i = 0; i < result.Length; i++)
                {
                    int c = i / (outHeight * outWidth), y = i / outWidth % outHeight, x = i % outWidth;
                    int at = (((c * height) + top + y) * width) + left + (flip ? outWidth - 1 - x : x);
                    Assert.Equal((image[at] - full[at]) * 0.37f, result[i]);
                }

                Assert.Equal(result, floats);
            });

    [Fact]
    public void Decisions_ChangeFromRecordToRecord_AndReachEveryPlace()
    {
        DataTransformer transformer = Make(new TransformationParameter { Mirror = true, CropSize = 2 }, Phase.Train);
        byte[] image = [.. Enumerable.Range(0, 12).Select(i => (byte)i)];
        var places = new Dictionary<(float, float), int>();
        for (int record = 0; record < 6000; record++)
        {
            var crop = new float[4];
            fixed (byte* data = image)
            fixed (float* target = crop)
                transformer.Transform(new PlanarPixels(data, 1, 3, 4), record, target);
            places[(crop[0], crop[1])] = places.GetValueOrDefault((crop[0], crop[1])) + 1;
        }

        // 2 rows, 3 columns, 2 directions: 500 each, with a deviation of 21.
        Assert.Equal(12, places.Count);
        Assert.All(places.Values, hits => Assert.InRange(hits, 380, 620));
    }

    [Fact]
    public void OneChannelShownThreeTimes_HasThreeMeans()
    {
        var parameter = new TransformationParameter();
        parameter.MeanValue.Add([1f, 2f, 3f]);
        DataTransformer transformer = Make(parameter, Phase.Train);
        byte[] image = [10];
        var result = new float[3];
        fixed (byte* data = image)
        fixed (float* target = result)
            transformer.Transform(new PlanarPixels(data, 1, 1, 1).AsColor(), 0, target);
        Assert.Equal([9f, 8f, 7f], result);
    }

    [Fact]
    public void ParametersThatExcludeEachOther_AreRefused()
    {
        var both = new TransformationParameter { MeanFile = "mean.binaryproto" };
        both.MeanValue.Add(1);
        Assert.Equal(ErrorCodes.BadLayerParameter, Assert.Throws<CaffeException>(() => Make(both)).Code);
        var force = new TransformationParameter { ForceColor = true, ForceGray = true };
        Assert.Equal(ErrorCodes.BadLayerParameter, Assert.Throws<CaffeException>(() => Make(force)).Code);
        Assert.Equal(ColorMode.Gray, Make(new TransformationParameter { ForceGray = true }).ColorMode);
        Assert.Equal(ColorMode.Color, Make(new TransformationParameter { ForceColor = true }).ColorMode);
        Assert.Equal(ColorMode.AsStored, Make(new TransformationParameter()).ColorMode);
    }

    [Fact]
    public void ShapesThatDoNotFit_AreRefused()
    {
        using var folder = new TemporaryFolder();
        Fails(new TransformationParameter { CropSize = 5 }, "crop_size 5");
        var two = new TransformationParameter();
        two.MeanValue.Add([1, 2]);
        Fails(two, "2 times");
        Fails(new TransformationParameter { MeanFile = MeanFile(folder, 3, 4, 5) }, "3 x 4 x 5");

        void Fails(TransformationParameter parameter, string text)
        {
            CaffeException failure = Assert.Throws<CaffeException>(() => Make(parameter).OutputShape(3, 4, 4));
            Assert.Equal(ErrorCodes.ShapeMismatch, failure.Code);
            Assert.Contains(text, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MeanFile_MissingOrDamaged_IsAnError()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("bad"), [0xFF, 0xFF, 0xFF]);
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Throws<CaffeException>(
            () => Make(new TransformationParameter { MeanFile = folder.At("none") })).Code);
        Assert.Equal(ErrorCodes.BadRecord, Assert.Throws<CaffeException>(
            () => Make(new TransformationParameter { MeanFile = folder.At("bad") })).Code);
        Assert.Equal(ErrorCodes.BadLayerParameter, Assert.Throws<CaffeException>(
            () => Make(new TransformationParameter { MeanFile = "" })).Code);
    }

    private static float MeanAt(int i) => (i % 101) + 0.25f;

    private static string MeanFile(TemporaryFolder folder, int channels, int height, int width)
    {
        var proto = new BlobProto { Num = 1, Channels = channels, Height = height, Width = width };
        proto.Data.Add(Enumerable.Range(0, channels * height * width).Select(MeanAt));
        File.WriteAllBytes(folder.At("mean"), proto.ToByteArray());
        return folder.At("mean");
    }

    private static DataTransformer Make(TransformationParameter parameter, Phase phase = Phase.Test) =>
        new(parameter, phase, Seed, Stream, path => path,
            (code, message, kind, _) => new CaffeException(code, kind, message));
}
