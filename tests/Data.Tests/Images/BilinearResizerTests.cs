using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.Lmdb;
using CsCheck;

namespace CaffeActors.Data.Tests.Images;

public sealed unsafe class BilinearResizerTests
{
    private readonly PixelBuffer _decoded = new();
    private readonly PixelBuffer _resized = new();
    private readonly PixelBuffer _color = new();
    private readonly BilinearResizer _resizer = new();

    [Theory]
    [InlineData("raw32_lmdb", ColorMode.Color)]
    [InlineData("gray_lmdb", ColorMode.Gray)]
    public void Resize_GivesOpenCvsBytes_32By32(string name, ColorMode mode)
    {
        using var source = new LmdbSource(Fixture.PathOf(name));
        for (int i = 0; i < 10; i++)
        {
            source.Read(i, out _, out ReadOnlySpan<byte> value);
            Assert.True(DatumView.TryParse(value, out DatumView datum));
            PlanarPixels image = Resize($"img{i:D2}.png", mode, 32, 32);
            Assert.Equal(datum.Channels, image.Channels);
            Assert.Equal(datum.Data.ToArray(), Values(image));
        }
    }

    [Fact]
    public void Resize_GivesOpenCvsBytes_30By44()
    {
        using var golden = new Hdf5Reader(Fixture.PathOf("imagedata-resize.h5"));
        for (int i = 0; i < 9; i++)
        {
            float[] expected = golden.ReadFloats($"batch{i / 3}/data")[(i % 3 * 3960)..][..3960];
            byte[] image = Values(Resize($"img{i:D2}.png", ColorMode.Color, 30, 44));
            Assert.Equal(expected, image.Select(value => (value - 90f) * 0.01f));
        }
    }

    [Fact]
    public void Resize_OfAnySize_IsWithinOneLevelOfTheExactValue() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 90], Gen.Int[1, 90], Gen.Byte.Array[1600]).Sample(
            (height, width, newHeight, newWidth, values) =>
            {
                fixed (byte* data = values)
                {
                    var image = new PlanarPixels(data, 1, height, width);
                    // The samples are taken on several threads.
                    var resized = new PixelBuffer();
                    byte[] result = Values(new BilinearResizer().Resize(image, newHeight, newWidth, resized));
                    GC.KeepAlive(resized);
                    for (int y = 0; y < newHeight; y++)
                    {
                        for (int x = 0; x < newWidth; x++)
                        {
                            double sy = Math.Clamp(((y + 0.5) * height / newHeight) - 0.5, 0, height - 1);
                            double sx = Math.Clamp(((x + 0.5) * width / newWidth) - 0.5, 0, width - 1);
                            int y0 = (int)sy, x0 = (int)sx;
                            int y1 = Math.Min(y0 + 1, height - 1), x1 = Math.Min(x0 + 1, width - 1);
                            double exact =
                                ((1 - (sy - y0)) * (((1 - (sx - x0)) * At(y0, x0)) + ((sx - x0) * At(y0, x1))))
                                + ((sy - y0) * (((1 - (sx - x0)) * At(y1, x0)) + ((sx - x0) * At(y1, x1))));
                            Assert.InRange(result[(y * newWidth) + x], exact - 1.01, exact + 1.01);
                        }
                    }
                }

                byte At(int y, int x) => values[(y * width) + x];
            },
            iter: 300);

    [Fact]
    public void Resize_KeepsOneChannelShownThreeTimes()
    {
        Resize("img00.png", ColorMode.Gray, 40, 52);
        PlanarPixels color = _resizer.Resize(_decoded.Pixels.AsColor(), 80, 70, _color);
        byte[] gray = Values(_resizer.Resize(_decoded.Pixels, 80, 70, _resized));
        Assert.Equal([.. gray, .. gray, .. gray], Values(color));
    }

    private static byte[] Values(PlanarPixels pixels) =>
        new ReadOnlySpan<byte>(pixels.Data, (int)(pixels.Channels * pixels.ChannelStride)).ToArray();

    private PlanarPixels Resize(string name, ColorMode mode, int height, int width)
    {
        byte[] file = File.ReadAllBytes(Fixture.PathOf("images", name));
        Assert.True(ImageDecoder.TryDecode(file, mode, _decoded, out string error), error);
        return _resizer.Resize(_decoded.Pixels, height, width, _resized);
    }
}
