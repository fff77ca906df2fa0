using CaffeActors.Api.Images;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api.Tests.Images;

public sealed class ImageArraysTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public void Dispose() => _files.Dispose();

    private static NdArray Ramp(int height, int width, int channels = 1)
    {
        NdArray image = NdArray.Zeros(height, width, channels);
        for (int i = 0; i < image.Count; i++)
            image.Values[i] = i;
        return image;
    }

    [Fact]
    public void Load_GivesRedGreenBlueFromZeroToOne()
    {
        string path = _files.Image("a.png", 2, 3, (y, x) => (y * 100, x * 50, 255));
        NdArray image = ImageArrays.Load(path);
        Assert.Equal([2, 3, 3], image.Shape.ToArray());
        Assert.Equal(100 / 255f, image[1, 2, 0]);
        Assert.Equal(100 / 255f, image[1, 2, 1]);
        Assert.Equal(1f, image[1, 2, 2]);
        Assert.Equal([2, 3, 1], ImageArrays.Load(path, color: false).Shape.ToArray());
        Assert.Equal([4, 5, 3], ImageArrays.Load(path, true, 4, 5).Shape.ToArray());
    }

    [Fact]
    public void Load_TellsOfMissingAndDamagedFiles()
    {
        var missing = Assert.Throws<CaffeException>(() => ImageArrays.Load(_files.At("gone.png")));
        Assert.Equal((ErrorCodes.FileNotFound, FailureKind.Data), (missing.Code, missing.Kind));
        var damaged = Assert.Throws<CaffeException>(() => ImageArrays.Load(_files.Write("text.png", "no image")));
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (damaged.Code, damaged.Kind));
    }

    [Fact]
    public void Resize_IsBilinear()
    {
        NdArray twice = ImageArrays.Resize(Ramp(1, 2), 1, 4);
        Assert.Equal([0f, 0.25f, 0.75f, 1f], twice.Values);
        Assert.Equal([1.5f], ImageArrays.Resize(Ramp(2, 2), 1, 1).Values);
        NdArray same = Ramp(2, 2);
        Assert.Same(same, ImageArrays.Resize(same, 2, 2));
        Assert.Throws<CaffeException>(() => ImageArrays.Resize(ApiFixture.Wave(2, 2), 1, 1));
    }

    [Fact]
    public void Oversample_GivesCornersMiddleAndMirrors()
    {
        NdArray image = Ramp(4, 6);
        IReadOnlyList<NdArray> crops = ImageArrays.Oversample([image, image], 2, 3);
        Assert.Equal(20, crops.Count);
        float[] First(int i) => crops[i].Values[..3];
        Assert.Equal([0, 1, 2], First(0));
        Assert.Equal([3, 4, 5], First(1));
        Assert.Equal([12, 13, 14], First(2));
        Assert.Equal([15, 16, 17], First(3));
        Assert.Equal([7, 8, 9], First(4));
        Assert.Equal([2, 1, 0], First(5));
        Assert.Equal([9, 8, 7], First(9));
        Assert.Equal(crops[3].Values, crops[13].Values);
        Assert.Throws<CaffeException>(() => ImageArrays.Oversample([image], 5, 3));
    }

    [Fact]
    public void CenterCrop_IsOversamplesMiddle()
    {
        NdArray image = Ramp(5, 6, 3);
        Assert.Equal(ImageArrays.Oversample([image], 2, 2)[4].Values, ImageArrays.CenterCrop(image, 2, 2).Values);
    }
}
