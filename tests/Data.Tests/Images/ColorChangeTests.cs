using CaffeActors.Data.Images;
using CsCheck;

namespace CaffeActors.Data.Tests.Images;

public sealed unsafe class ColorChangeTests
{
    [Fact]
    public void NoChange_ChangesNothing()
    {
        byte[] values = [.. Enumerable.Range(0, 4 * 256).Select(i => (byte)i)];
        foreach (int channels in (int[])[1, 2, 3, 4])
            Assert.Equal(values[..(channels * 256)], Apply(values, channels, 256, new ColorChange(1, 1, 1, 0)));
    }

    [Fact]
    public void Values_AreThoseOfTheSteps_OneAfterTheOther() =>
        Gen.Select(Gen.Byte[20, 200].Array[3 * 21], Gen.Float[0.8f, 1.2f], Gen.Float[0.7f, 1.1f], Gen.Float[0f, 1f],
            Gen.Double[-20, 20]).Sample((values, brightness, contrast, saturation, hue) =>
            {
                byte[] changed = Apply(values, 3, 21, new ColorChange(brightness, contrast, saturation, hue));
                double[][] pixels = [.. Enumerable.Range(0, 21).Select(i =>
                    (double[])[values[i] * brightness, values[21 + i] * brightness, values[42 + i] * brightness])];
                double mean = pixels.Average(Luma);
                for (int i = 0; i < 21; i++)
                {
                    double[] p = [.. pixels[i].Select(v => mean + (contrast * (v - mean)))];
                    double luma = Luma(p);
                    p = [.. p.Select(v => luma + (saturation * (v - luma)))];
                    p = Turn(p, hue * Math.PI / 180);
                    for (int c = 0; c < 3; c++)
                    {
                        double exact = Math.Clamp(p[c], 0, 255);
                        Assert.InRange(changed[(c * 21) + i], exact - 0.8, exact + 0.8);
                    }
                }
            });

    [Fact]
    public void GrayAndTransparency_KeepWhatTheyAre()
    {
        byte[] values = [.. Enumerable.Range(0, 40).Select(i => (byte)(i * 6))];
        byte[] gray = [.. values[..10], .. values[..10], .. values[..10], .. values[..10]];
        // Neither saturation nor hue changes gray, and nothing the fourth channel.
        Assert.Equal(gray, Apply(gray, 4, 10, new ColorChange(1, 1, 0.3f, 77)));
        Assert.Equal(values[30..], Apply(values, 4, 10, new ColorChange(0.5f, 0.5f, 0.3f, 77))[30..]);
        // One channel: brightness, then contrast about the mean.
        Assert.Equal([0, 255, 255], Apply([0, 200, 250], 1, 3, new ColorChange(1.5f, 1.2f, 1, 0)));
        Assert.Equal([50, 100], Apply([100, 200], 1, 2, new ColorChange(0.5f, 1, 0, 90)));
        Assert.Equal([125, 175], Apply([100, 200], 1, 2, new ColorChange(1, 0.5f, 1, 0)));
    }

    private static double Luma(double[] p) => (0.114 * p[0]) + (0.587 * p[1]) + (0.299 * p[2]);

    private static double[] Turn(double[] bgr, double angle)
    {
        double y = Luma(bgr);
        double i = (0.5959 * bgr[2]) - (0.2746 * bgr[1]) - (0.3213 * bgr[0]);
        double q = (0.2115 * bgr[2]) - (0.5227 * bgr[1]) + (0.3112 * bgr[0]);
        (double sin, double cos) = Math.SinCos(angle);
        (i, q) = ((i * cos) - (q * sin), (i * sin) + (q * cos));
        return [y - (1.1070 * i) + (1.7046 * q), y - (0.2721 * i) - (0.6474 * q), y + (0.9563 * i) + (0.6210 * q)];
    }

    private static byte[] Apply(byte[] values, int channels, int count, ColorChange change)
    {
        fixed (byte* data = values)
        {
            var changed = new PixelBuffer();
            PlanarPixels result = change.Apply(new PlanarPixels(data, channels, 1, count), changed);
            byte[] bytes = new ReadOnlySpan<byte>(result.Data, channels * count).ToArray();
            GC.KeepAlive(changed);
            return bytes;
        }
    }
}
