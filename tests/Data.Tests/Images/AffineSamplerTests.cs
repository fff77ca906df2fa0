using CaffeActors.Data.Images;

namespace CaffeActors.Data.Tests.Images;

public sealed unsafe class AffineSamplerTests
{
    private static readonly byte[] _values = [.. Enumerable.Range(0, 2 * 49).Select(i => (byte)(i * 37 % 251))];

    [Theory]
    [InlineData(0)]
    [InlineData(360)]
    public void NoTurn_ChangesNothing(double angle) => Assert.Equal(_values, Sample(7, 7, angle, 1));

    [Fact]
    public void QuarterTurns_MoveASquaresPixels()
    {
        // Counter-clockwise: what was at the right is on top.
        Assert.Equal(Moved((y, x) => (x, 6 - y)), Sample(7, 7, 90, 1));
        Assert.Equal(Moved((y, x) => (6 - x, y)), Sample(7, 7, -90, 1));
        Assert.Equal(Moved((y, x) => (6 - y, 6 - x)), Sample(7, 7, 180, 1));

        static byte[] Moved(Func<int, int, (int Y, int X)> source) =>
            [.. from c in Enumerable.Range(0, 2)
                from y in Enumerable.Range(0, 7)
                from x in Enumerable.Range(0, 7)
                select _values[(c * 49) + (source(y, x).Y * 7) + source(y, x).X]];
    }

    [Fact]
    public void HalfATurn_MovesAnyImagesPixels()
    {
        byte[] turned = Sample(14, 7, 180, 1, channels: 1);
        Assert.Equal(_values.Reverse(), turned);
    }

    [Theory]
    [InlineData(BorderRule.Repeat)]
    [InlineData(BorderRule.Reflect)]
    [InlineData(BorderRule.Fill)]
    public void Values_AreWithinALevelOfTheExactOnes(BorderRule border)
    {
        (double, double)[] cases = [(17, 1), (-33, 0.6), (120, 1.7), (0, 0.5), (5, 3)];
        foreach ((double angle, double scale) in cases)
        {
            byte[] sampled = Sample(7, 14, angle, scale, channels: 1, border, 99);
            (double sin, double cos) = Math.SinCos(angle * Math.PI / 180);
            for (int y = 0; y < 7; y++)
            {
                for (int x = 0; x < 14; x++)
                {
                    double dx = (x - 6.5) / scale, dy = (y - 3.0) / scale;
                    double sx = 6.5 + (dx * cos) - (dy * sin), sy = 3 + (dx * sin) + (dy * cos);
                    int left = (int)Math.Floor(sx), top = (int)Math.Floor(sy);
                    double wx = sx - left, wy = sy - top;
                    double exact = ((1 - wy) * (((1 - wx) * At(top, left)) + (wx * At(top, left + 1))))
                        + (wy * (((1 - wx) * At(top + 1, left)) + (wx * At(top + 1, left + 1))));
                    Assert.InRange(sampled[(y * 14) + x], exact - 1, exact + 1);
                }
            }
        }

        double At(int y, int x)
        {
            if (border == BorderRule.Fill && (y is < 0 or >= 7 || x is < 0 or >= 14))
                return 99;
            return _values[(Inside(y, 7) * 14) + Inside(x, 14)];
        }

        int Inside(int i, int count)
        {
            if (border == BorderRule.Repeat)
                return Math.Clamp(i, 0, count - 1);
            while (i < 0 || i >= count)
                i = i < 0 ? -i : (2 * (count - 1)) - i;
            return i;
        }
    }

    [Fact]
    public void OnePixel_StaysItself_WhateverIsAroundIt()
    {
        Assert.Equal([_values[0]], Sample(1, 1, 45, 1, channels: 1, BorderRule.Reflect));
        Assert.Equal([_values[0]], Sample(1, 1, 45, 0.1, channels: 1, BorderRule.Fill));
    }

    private static byte[] Sample(
        int height, int width, double angle, double scale, int channels = 2, BorderRule border = BorderRule.Repeat,
        byte fill = 0)
    {
        fixed (byte* data = _values)
        {
            var image = new PlanarPixels(data, channels, height, width);
            var sampled = new PixelBuffer();
            PlanarPixels result = new AffineSampler().Sample(image, angle, scale, border, fill, sampled);
            byte[] bytes = new ReadOnlySpan<byte>(result.Data, channels * height * width).ToArray();
            GC.KeepAlive(sampled);
            return bytes;
        }
    }
}
