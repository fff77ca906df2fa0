using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Layers;

namespace CaffeActors.Data.Tests.Layers;

/// <summary>What Caffe's own Data layer gave for its own data bases.</summary>
public sealed class DataLayerGoldenTests
{
    [Fact]
    public void Plain() => Check("raw32_lmdb", new TransformationParameter(), "data-plain.h5");

    [Fact]
    public void MeanFileScaleAndCrop() => Check("raw32_lmdb",
        new TransformationParameter { MeanFile = "mean32.binaryproto", Scale = 1f / 128, CropSize = 27 },
        "data-meanfile-crop.h5");

    [Fact]
    public void MeanValuesAndCrop()
    {
        var transform = new TransformationParameter { CropSize = 24 };
        transform.MeanValue.Add([104, 117, 123]);
        Check("raw32_lmdb", transform, "data-meanvalue-crop.h5");
    }

    // A JPEG decoder may differ from another by a grey level or two; this one does not.
    [Fact]
    public void Encoded() => Check("encoded_lmdb", new TransformationParameter { Scale = 0.5f }, "data-encoded.h5");

    [Fact]
    public void Gray()
    {
        var transform = new TransformationParameter();
        transform.MeanValue.Add(100);
        Check("gray_lmdb", transform, "data-gray.h5");
    }

    [Fact]
    public void LevelDb() => Check("raw32_leveldb", new TransformationParameter { Scale = 1f / 256 },
        "data-leveldb.h5", DataParameter.Types.DB.Leveldb);

    private static void Check(
        string source, TransformationParameter transform, string golden,
        DataParameter.Types.DB backend = DataParameter.Types.DB.Lmdb)
    {
        using var harness = new DataHarness<DataLayer>(
            new LayerParameter
            {
                Type = "Data",
                Phase = Phase.Test,
                TransformParam = transform,
                DataParam = new DataParameter { Source = source, BatchSize = 4, Backend = backend },
            },
            resolve: path => Fixture.PathOf(path));
        using var expected = new Hdf5Reader(Fixture.PathOf(golden));
        Assert.Equal(expected.ShapeOf("batch0/data"), harness.Tops[0].Shape.ToArray());
        for (int batch = 0; batch < 3; batch++)
        {
            harness.Forward();
            Assert.Equal(expected.ShapeOf($"batch{batch}/data"), harness.Tops[0].Shape.ToArray());
            Assert.Equal(expected.ShapeOf($"batch{batch}/label"), harness.Tops[1].Shape.ToArray());
            Assert.Equal(expected.ReadFloats($"batch{batch}/data"), harness.Tops[0].Data.ToArray());
            Assert.Equal(expected.ReadFloats($"batch{batch}/label"), harness.Tops[1].Data.ToArray());
        }
    }
}
