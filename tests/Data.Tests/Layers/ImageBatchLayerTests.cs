using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Transforms;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Layers;

/// <summary>Decoding and transforming on several threads, seen through Data and ImageData layers.</summary>
public sealed class ImageBatchLayerTests : IDisposable
{
    private static readonly Augmentation _augmentation = new(
        Rotate: 20, ScaleLow: 0.8, ScaleHigh: 1.3, Brightness: 0.3, Contrast: 0.3, Saturation: 0.3, Hue: 20);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("raw32_lmdb", false)]
    [InlineData("raw32_lmdb", true)]
    [InlineData("encoded_lmdb", true)]
    [InlineData("raw32_leveldb", true)]
    [InlineData("images", true)]
    public void Values_DoNotDependOnTheNumberOfThreads(string source, bool augment)
    {
        using DataHarness<ImageBatchLayer> one = Make(1), two = Make(2), five = Make(5);
        Assert.Equal((1, 2, 5), (one.Layer.Threads, two.Layer.Threads, five.Layer.Threads));
        for (int pass = 0; pass < 6; pass++)
        {
            (string[] keys, float[] data, float[] labels) = one.Next();
            foreach (DataHarness<ImageBatchLayer> other in new[] { two, five })
            {
                (string[] otherKeys, float[] otherData, float[] otherLabels) = other.Next();
                Assert.Equal(keys, otherKeys);
                Assert.Equal(data, otherData);
                Assert.Equal(labels, otherLabels);
            }
        }

        DataHarness<ImageBatchLayer> Make(int threads)
        {
            var parameter = new LayerParameter
            {
                Type = source == "images" ? "ImageData" : "Data",
                TransformParam = new TransformationParameter { Mirror = true, CropSize = 20, Scale = 0.5f },
            };
            if (source == "images")
            {
                parameter.ImageDataParam = new ImageDataParameter
                {
                    Source = Fixture.PathOf("images", "list.txt"),
                    RootFolder = Fixture.PathOf("images") + "/",
                    BatchSize = 7,
                };
            }
            else
            {
                parameter.DataParam = new DataParameter
                {
                    Source = Fixture.PathOf(source),
                    BatchSize = 7,
                    Backend = source.EndsWith("lmdb", StringComparison.Ordinal)
                        ? DataParameter.Types.DB.Lmdb : DataParameter.Types.DB.Leveldb,
                };
            }

            return new DataHarness<ImageBatchLayer>(parameter, extension: new DataExtension(
                true, 28, 30, Threads: threads, Augmentation: augment ? _augmentation : null));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Errors_AreTheFirstRecords(int threads)
    {
        byte[] bad = new Datum { Encoded = true, Data = ByteString.CopyFrom(1, 2, 3) }.ToByteArray();
        var good = new Datum { Channels = 1, Height = 1, Width = 1, Data = ByteString.CopyFrom(1) };
        string path = _folder.At("db");
        using (var writer = new LmdbWriter(path))
        {
            for (int i = 0; i < 40; i++)
                writer.Put(Encoding.UTF8.GetBytes($"{i:D8}"), i is 17 or 18 or 23 or 39 ? bad : good.ToByteArray());
            writer.Complete();
        }

        var parameter = new LayerParameter
        {
            Type = "Data",
            DataParam = new DataParameter { Source = path, BatchSize = 40, Backend = DataParameter.Types.DB.Lmdb },
        };
        using var harness = new DataHarness<DataLayer>(parameter, extension: new DataExtension(Threads: threads));
        for (int i = 0; i < 20; i++)
        {
            CaffeException failure = Assert.Throws<CaffeException>(harness.Forward);
            Assert.Equal(ErrorCodes.BadRecord, failure.Code);
            Assert.Contains("'00000017'", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Threads_AreTheExtensionsOrElseTheNets()
    {
        Assert.Equal(3, ImageBatchLayer.ThreadsOf(3));
        Assert.InRange(ImageBatchLayer.ThreadsOf(0), 1, 8);
    }

    [Fact]
    public void Augmentation_IsDoneInTrainOnly_UnlessSaidOtherwise()
    {
        float[] plain = Values(Phase.Test, null);
        Assert.Equal(plain, Values(Phase.Train, null));
        Assert.Equal(plain, Values(Phase.Train, new Augmentation()));
        Assert.Equal(plain, Values(Phase.Test, _augmentation));
        Assert.NotEqual(plain, Values(Phase.Train, _augmentation));
        Assert.Equal(Values(Phase.Train, _augmentation), Values(Phase.Test, _augmentation with { InTest = true }));
        Assert.NotEqual(Values(Phase.Train, _augmentation), Values(Phase.Train, _augmentation, seed: 2));

        static float[] Values(Phase phase, Augmentation? augmentation, ulong seed = 1)
        {
            var parameter = new LayerParameter
            {
                Type = "Data",
                Phase = phase,
                DataParam = new DataParameter
                {
                    Source = Fixture.PathOf("raw32_lmdb"),
                    BatchSize = 4,
                    Backend = DataParameter.Types.DB.Lmdb,
                },
            };
            using var harness = new DataHarness<DataLayer>(
                parameter, seed: seed, extension: new DataExtension(Augmentation: augmentation));
            return harness.Next().Data;
        }
    }

    [Theory]
    [InlineData(-1, 1, 1, 0, 0, 0)]
    [InlineData(0, 0.05, 1, 0, 0, 0)]
    [InlineData(0, 1.2, 1.1, 0, 0, 0)]
    [InlineData(0, 1, 1, 1.5, 0, 0)]
    [InlineData(0, 1, 1, 0, 181, 0)]
    [InlineData(1, 1, 1, 0, 0, 256)]
    public void Augmentation_OutOfRange_IsRefused(
        double rotate, double low, double high, double contrast, double hue, int fill)
    {
        var parameter = new LayerParameter
        {
            Type = "Data",
            DataParam = new DataParameter
            {
                Source = Fixture.PathOf("raw32_lmdb"),
                BatchSize = 4,
                Backend = DataParameter.Types.DB.Lmdb,
            },
        };
        var augmentation = new Augmentation(rotate, low, high, Contrast: contrast, Hue: hue, Fill: fill);
        Assert.Equal(ErrorCodes.BadLayerParameter, Assert.Throws<CaffeException>(() => new DataHarness<DataLayer>(
            parameter, extension: new DataExtension(Augmentation: augmentation))).Code);
    }
}
