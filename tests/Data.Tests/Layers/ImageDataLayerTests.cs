using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Layers;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Layers;

public sealed class ImageDataLayerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Values_AreCaffes()
    {
        LayerParameter parameter = Parameter(Fixture.PathOf("images", "list.txt"), 3, Images);
        parameter.Phase = Phase.Test;
        parameter.ImageDataParam.NewHeight = 30;
        parameter.ImageDataParam.NewWidth = 44;
        parameter.TransformParam = new TransformationParameter { Scale = 0.01f };
        parameter.TransformParam.MeanValue.Add(90);
        using var harness = new DataHarness<ImageDataLayer>(parameter);
        using var expected = new Hdf5Reader(Fixture.PathOf("imagedata-resize.h5"));
        Assert.Equal(10, harness.Layer.RecordCount);
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

    [Fact]
    public void Lines_ArePartedAtTheirLastSpace_AndLabelsReadAsCReadsThem()
    {
        string[] names = ["with space.png", "5.png", "tab.png"];
        foreach (string name in names)
            File.Copy(Fixture.PathOf("images", "img00.png"), _folder.At(name));
        string list = _folder.Write("list.txt",
            "\uFEFFwith space.png 3\r\n\n  \nwith space.png +7x\n5.png\nwith space.png x\nwith space.png -12\n"
            + "tab.png \t4\nwith space.png 99999999999999999999\nwith space.png ");
        using var harness = new DataHarness<ImageDataLayer>(Parameter(list, 8, _folder.Path + "/"));
        (string[] keys, _, float[] labels) = harness.Next();
        Assert.Equal(8, harness.Layer.RecordCount);
        Assert.Equal([3f, 7f, 5f, 0f, -12f, 4f, -1f, 0f], labels);
        Assert.Equal(["with space.png", "5.png", "with space.png"], keys[1..4]);
    }

    [Fact]
    public void Images_AreFoundUnderTheRootFolder_WithItsSeparatorOrWithout()
    {
        foreach (string root in (string[])[Images, Images.TrimEnd('/'), Images + "img"])
        {
            string name = root.EndsWith("img", StringComparison.Ordinal) ? "03.png" : "img03.png";
            using var harness = new DataHarness<ImageDataLayer>(Parameter(_folder.Write("l", $"{name} 1"), 1, root));
            Assert.Equal([1f], harness.Next().Labels);
        }

        LayerParameter parameter = Parameter("images/list.txt", 2, "images/");
        parameter.TransformParam = new TransformationParameter { CropSize = 3 };
        parameter.DataParam = new DataParameter { Prefetch = 9 };
        using var resolved = new DataHarness<ImageDataLayer>(parameter, resolve: path => Fixture.PathOf(path));
        Assert.Equal(9, resolved.Layer.PrefetchDepth);
        Assert.Equal(["img00.png", "img01.png"], resolved.Next().Keys);
    }

    [Fact]
    public void Shape_IsTakenFromEachBatch_AndGrayHasOneChannel()
    {
        LayerParameter parameter = Parameter(Fixture.PathOf("images", "list.txt"), 1, Images);
        parameter.ImageDataParam.IsColor = false;
        using (var gray = new DataHarness<ImageDataLayer>(parameter))
            Assert.Equal(1, gray.Tops[0].Dim(1));
        string small = WritePicture("small.png", 3, 5), large = WritePicture("large.png", 7, 4);
        string list = _folder.Write("list.txt", $"{small} 0\n{large} 1\n");
        using (var harness = new DataHarness<ImageDataLayer>(Parameter(list, 1)))
        {
            harness.Forward();
            Assert.Equal([1, 3, 3, 5], harness.Tops[0].Shape.ToArray());
            harness.Forward();
            Assert.Equal([1, 3, 7, 4], harness.Tops[0].Shape.ToArray());
        }

        using var mixed = new DataHarness<ImageDataLayer>(Parameter(list, 2));
        CaffeException failure = Assert.Throws<CaffeException>(mixed.Forward);
        Assert.Equal((ErrorCodes.ShapeMismatch, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Equal(new SourcePlace(list, 2, 1), failure.Place);
        parameter = Parameter(list, 2);
        parameter.TransformParam = new TransformationParameter { CropSize = 3 };
        using var cropped = new DataHarness<ImageDataLayer>(parameter);
        cropped.Forward();
        Assert.Equal([2, 3, 3, 3], cropped.Tops[0].Shape.ToArray());
        parameter.TransformParam.CropSize = 4;
        Assert.Equal(new SourcePlace(list, 1, 1),
            Assert.Throws<CaffeException>(() => new DataHarness<ImageDataLayer>(parameter)).Place);
    }

    [Fact]
    public void Shuffle_TakesEachImageOnceInEachEpoch_InAnotherOrder()
    {
        LayerParameter parameter = Parameter(Fixture.PathOf("images", "list.txt"), 10, Images);
        parameter.ImageDataParam.Shuffle = true;
        parameter.TransformParam = new TransformationParameter { CropSize = 3 };
        using var harness = new DataHarness<ImageDataLayer>(parameter);
        string[][] epochs = [harness.Next().Keys, harness.Next().Keys, harness.Next().Keys];
        Assert.Equal(2, harness.Notices.Length);
        foreach (string[] epoch in epochs)
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"img{i:D2}.png"), epoch.Order(StringComparer.Ordinal));
        Assert.Equal(3, epochs.DistinctBy(epoch => string.Join(' ', epoch)).Count());
    }

    [Fact]
    public void RandSkip_BeginsLater_InTheFirstEpochOnly()
    {
        LayerParameter parameter = Parameter(Fixture.PathOf("images", "list.txt"), 1, Images);
        parameter.ImageDataParam.RandSkip = 10;
        HashSet<string> starts = [];
        for (ulong seed = 0; seed < 12; seed++)
        {
            using var harness = new DataHarness<ImageDataLayer>(parameter, seed: seed);
            string[] keys = [.. Enumerable.Range(0, 21).Select(_ => harness.Next().Keys[0])];
            int skipped = int.Parse(keys[0][3..5]);
            Assert.Equal(Enumerable.Range(skipped, 21).Select(i => $"img{i % 10:D2}.png"), keys);
            Assert.Equal((skipped + 20) / 10, harness.Notices.Length);
            starts.Add(keys[0]);
        }

        Assert.InRange(starts.Count, 4, 10);
        parameter.ImageDataParam.RandSkip = 11;
        Assert.Contains("rand_skip 11",
            Assert.Throws<CaffeException>(() => new DataHarness<ImageDataLayer>(parameter)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Seek_EqualsReadingUpToThere_AndReplicasShareTheListOut() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, 9], Gen.Bool, Gen.UInt[0, 10], Gen.Int[1, 3], Gen.ULong).Sample(
            (batch, batches, shuffle, skip, replicas, seed) =>
            {
                LayerParameter parameter = Parameter(Fixture.PathOf("images", "list.txt"), batch, Images);
                parameter.ImageDataParam.Shuffle = shuffle;
                parameter.ImageDataParam.RandSkip = skip;
                parameter.TransformParam = new TransformationParameter { Mirror = true, CropSize = 3 };
                using var whole = new DataHarness<ImageDataLayer>(parameter, seed: seed);
                int rank = (int)(seed % (ulong)replicas);
                using var part = new DataHarness<ImageDataLayer>(parameter, 2, rank, replicas, seed);
                string[] all = [.. Enumerable.Range(0, batches * replicas).SelectMany(_ => whole.Next().Keys)];
                Assert.Equal(all.Where((_, i) => i % replicas == rank),
                    Enumerable.Range(0, batches).SelectMany(_ => part.Next().Keys));
                Assert.Equal(whole.Layer.Position, part.Layer.Position);
                using var jumped = new DataHarness<ImageDataLayer>(parameter, seed: seed);
                jumped.Layer.Seek(whole.Layer.Position);
                (string[] keys, float[] data, _) = whole.Next();
                (string[] jumpedKeys, float[] jumpedData, _) = jumped.Next();
                Assert.Equal(keys, jumpedKeys);
                Assert.Equal(data, jumpedData);
            },
            iter: 30);

    [Fact]
    public void BadImages_AreToldWithTheirLine()
    {
        byte[] image = File.ReadAllBytes(Fixture.PathOf("images", "img00.png"));
        File.WriteAllBytes(_folder.At("good.png"), image);
        File.WriteAllBytes(_folder.At("cut.png"), image[..2000]);
        _folder.Write("text.png", "no image");
        Fails("missing.png", ErrorCodes.SourceUnreadable, "there is no image");
        Fails("cut.png", ErrorCodes.BadRecord, "cut short");
        Fails("text.png", ErrorCodes.BadRecord, "no image file");
        Fails("nul\0.png", ErrorCodes.SourceUnreadable, "cannot be read");
        Fails(".", ErrorCodes.SourceUnreadable, "cannot be read");

        void Fails(string name, string code, string text)
        {
            string list = _folder.Write("list.txt", $"good.png 0\n\n{name} 1\n");
            using var harness = new DataHarness<ImageDataLayer>(Parameter(list, 2, _folder.Path + "/"));
            CaffeException failure = Assert.Throws<CaffeException>(harness.Forward);
            Assert.Equal((code, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Equal(new SourcePlace(list, 3, 1), failure.Place);
            Assert.StartsWith("layer 'data' (ImageData): ", failure.Message, StringComparison.Ordinal);
            Assert.Contains(text, failure.Message, StringComparison.Ordinal);
            Assert.Equal(0, harness.Layer.Position);
        }
    }

    [Fact]
    public void SetUp_RefusesWhatCannotWork()
    {
        string list = Fixture.PathOf("images", "list.txt");
        Fails(ErrorCodes.BadLayerParameter, _ => { }, source: "");
        Fails(ErrorCodes.SourceUnreadable, _ => { }, source: _folder.At("none"));
        Fails(ErrorCodes.SourceUnreadable, _ => { }, source: _folder.Write("empty.txt", "\n \r\n"));
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.ImageDataParam.BatchSize = 0);
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.ImageDataParam.BatchSize = uint.MaxValue);
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.ImageDataParam.NewHeight = 4);
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.ImageDataParam.NewWidth = 4);
        Fails(ErrorCodes.BadLayerParameter, parameter =>
            (parameter.ImageDataParam.NewHeight, parameter.ImageDataParam.NewWidth) = (70000, 70000));
        Fails(ErrorCodes.BlobCount, _ => { }, tops: 1);
        Fails(ErrorCodes.BlobCount, _ => { }, tops: 3);

        void Fails(string code, Action<LayerParameter> change, string? source = null, int tops = 2)
        {
            LayerParameter parameter = Parameter(source ?? list, 1, Images);
            change(parameter);
            Assert.Equal(code, Assert.Throws<CaffeException>(
                () => new DataHarness<ImageDataLayer>(parameter, tops)).Code);
        }
    }

    [Fact]
    public void Extensions_ShuffleResizeAndMakeColour()
    {
        LayerParameter parameter = Parameter(Fixture.PathOf("images", "list.txt"), 2, Images);
        (parameter.ImageDataParam.NewHeight, parameter.ImageDataParam.NewWidth) = (9, 9);
        parameter.ImageDataParam.IsColor = false;
        using var harness = new DataHarness<ImageDataLayer>(
            parameter, extension: new DataExtension(true, 6, 5, Color: true));
        (string[] keys, float[] data, _) = harness.Next();
        Assert.Equal([2, 3, 6, 5], harness.Tops[0].Shape.ToArray());
        Assert.Equal(4, harness.Layer.PrefetchDepth);
        Assert.Equal(data[..30], data[60..90]);
        Assert.NotEqual(["img00.png", "img01.png"], keys);
    }

    private static string Images => Fixture.PathOf("images") + "/";

    private static LayerParameter Parameter(string source, int batch, string root = "") => new()
    {
        Type = "ImageData",
        ImageDataParam = new ImageDataParameter { Source = source, BatchSize = (uint)batch, RootFolder = root },
    };

    private string WritePicture(string name, int height, int width)
    {
        string path = _folder.At(name);
        Pictures.Write(path, height, width, static (x, y) => ((byte)x, (byte)y, 0));
        return path;
    }
}
