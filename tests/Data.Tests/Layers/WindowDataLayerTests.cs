using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Layers;
using CaffeActors.Testing;
using CsCheck;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Layers;

public sealed unsafe class WindowDataLayerTests : IDisposable
{
    private const ulong Seed = 1701;

    private static readonly (int Height, int Width)[] _sizes = [(20, 31), (33, 18), (24, 24)];
    private static readonly PixelBuffer _resized = new();

    private readonly TemporaryFolder _folder = new();
    private readonly byte[][][] _images;

    public WindowDataLayerTests()
    {
        // Three pictures, each three planes.
        _images = new byte[3][][];
        for (int i = 0; i < 3; i++)
        {
            (int height, int width) = _sizes[i];
            var draw = new RandomDraw(5, (ulong)i, 0);
            byte[][] planes = [new byte[height * width], new byte[height * width], new byte[height * width]];
            for (int k = 0; k < 3 * height * width; k++)
                planes[k % 3][k / 3] = (byte)draw.Bits((uint)k);
            Pictures.Write(_folder.At($"{i}.png"), height, width, (x, y) =>
                (planes[0][(y * width) + x], planes[1][(y * width) + x], planes[2][(y * width) + x]));
            _images[i] = planes;
        }
    }

    public void Dispose() => _folder.Dispose();

    // Foreground: an overlap of 0.6 and more; background: below 0.3.
    private const string Windows = """
        # 0
        0.png
        3
        20
        31
        4
        7 0.6 3 2 12 17
        2 0.9 0 0 30 19
        5 0.4 1 1 5 5
        9 0.2 25 10 30 19
        # 1
        1.png 3 33 18 2
        1 1.0 4 4 4 4
        0 0 2 20 17 32
        # 2 2.png 3 24 24 3  4 0.75 5 3 20 22  0 -1 0 0 3 9
        3 0.299 10 10 23 14
        """;

    private static readonly (int Image, int Label, int X1, int Y1, int X2, int Y2)[] _foreground =
        [(0, 7, 3, 2, 12, 17), (0, 2, 0, 0, 30, 19), (1, 1, 4, 4, 4, 4), (2, 4, 5, 3, 20, 22)];

    private static readonly (int Image, int Label, int X1, int Y1, int X2, int Y2)[] _background =
        [(0, 0, 25, 10, 30, 19), (1, 0, 2, 20, 17, 32), (2, 0, 0, 0, 3, 9), (2, 0, 10, 10, 23, 14)];

    private LayerParameter Parameter(int batch = 8, uint crop = 11, string windows = Windows) => new()
    {
        Type = "WindowData",
        TransformParam = new TransformationParameter { CropSize = crop },
        WindowDataParam = new WindowDataParameter
        {
            Source = _folder.Write("windows.txt", windows),
            RootFolder = _folder.Path + "/",
            BatchSize = (uint)batch,
            FgThreshold = 0.6f,
            BgThreshold = 0.3f,
        },
    };

    [Fact]
    public void Values_EqualAPlainReference() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 6], Gen.Int[1, 30], Gen.Bool, Gen.Bool, Gen.Int[0, 2], Gen.Int[1, 3])
            .Sample((batch, context, crop, square, mirror, mean, threads) =>
            {
                context = Math.Min(context, (crop - 1) / 2);
                LayerParameter parameter = Parameter(batch, (uint)crop);
                parameter.WindowDataParam.ContextPad = (uint)context;
                parameter.WindowDataParam.CropMode = square ? "square" : "warp";
                parameter.WindowDataParam.Scale = 0.25f;
                parameter.WindowDataParam.CacheImages = batch % 2 == 0;
                parameter.TransformParam.Mirror = mirror;
                float[] means = [10, 20, 30];
                if (mean == 1)
                    parameter.TransformParam.MeanValue.Add(means);
                float[] meanImage = [.. Enumerable.Range(0, 3 * 40 * 37).Select(i => i % 251f)];
                if (mean == 2)
                    parameter.TransformParam.MeanFile = WriteMean(meanImage, 40, 37);
                using var harness = new DataHarness<WindowDataLayer>(
                    parameter, seed: Seed, extension: new DataExtension(Threads: threads));
                int item = 0;
                for (int pass = 0; pass < 2; pass++)
                {
                    (string[] keys, float[] data, float[] labels) = harness.Next();
                    for (int i = 0; i < batch; i++, item++)
                    {
                        var draw = new RandomDraw(Seed, RandomStream.StreamId("data/windows"), (ulong)item);
                        var windows = i < batch - (batch / 4) ? _background : _foreground;
                        var window = windows[draw.Bits(0) % windows.Length];
                        Assert.Equal($"{window.Image}.png", keys[i]);
                        Assert.Equal(window.Label, labels[i]);
                        float[] expected = Reference(window, crop, context, square, mirror && draw.Bits(1) % 2 == 1,
                            (c, y, x) => mean switch
                            {
                                0 => 0,
                                1 => means[c],
                                _ => meanImage[(((c * 40) + y + ((37 - crop) / 2)) * 37) + x + ((37 - crop) / 2)],
                            });
                        Assert.Equal(expected, data[(i * 3 * crop * crop)..((i + 1) * 3 * crop * crop)]);
                    }
                }
            },
            iter: 120,
            threads: 1);

    // The rules as they are told, pixel by pixel.
    private float[] Reference(
        (int Image, int Label, int X1, int Y1, int X2, int Y2) window, int crop, int context, bool square, bool mirror,
        Func<int, int, int, float> mean)
    {
        (int height, int width) = _sizes[window.Image];
        int x1 = window.X1, y1 = window.Y1, x2 = window.X2, y2 = window.Y2;
        int left = 0, top = 0, cropWidth = crop, cropHeight = crop;
        if (context > 0 || square)
        {
            float scale = (float)crop / (crop - (2 * context));
            float halfHeight = (y2 - y1 + 1) / 2f, halfWidth = (x2 - x1 + 1) / 2f;
            float centerX = x1 + halfWidth, centerY = y1 + halfHeight;
            if (square)
                halfHeight = halfWidth = Math.Max(halfHeight, halfWidth);
            (x1, x2) = (Round(centerX - (halfWidth * scale)), Round(centerX + (halfWidth * scale)));
            (y1, y2) = (Round(centerY - (halfHeight * scale)), Round(centerY + (halfHeight * scale)));
            float scaleX = crop / (float)(x2 - x1 + 1), scaleY = crop / (float)(y2 - y1 + 1);
            int padLeft = Math.Max(0, -x1), padRight = Math.Max(0, x2 - width + 1);
            int padTop = Math.Max(0, -y1), padBottom = Math.Max(0, y2 - height + 1);
            (x1, x2, y1, y2) = (x1 + padLeft, x2 - padRight, y1 + padTop, y2 - padBottom);
            (left, top) = (Round((mirror ? padRight : padLeft) * scaleX), Round(padTop * scaleY));
            cropWidth = Math.Min(Round((x2 - x1 + 1) * scaleX), crop - left);
            cropHeight = Math.Min(Round((y2 - y1 + 1) * scaleY), crop - top);
        }

        float[] values = new float[3 * crop * crop];
        for (int c = 0; c < 3; c++)
        {
            byte[] cut = [.. from y in Enumerable.Range(y1, y2 - y1 + 1)
                from x in Enumerable.Range(x1, x2 - x1 + 1)
                select _images[window.Image][c][(y * width) + x]];
            fixed (byte* data = cut)
            {
                PlanarPixels small = new BilinearResizer().Resize(
                    new PlanarPixels(data, 1, y2 - y1 + 1, x2 - x1 + 1), cropHeight, cropWidth, _resized);
                for (int y = 0; y < cropHeight; y++)
                {
                    for (int x = 0; x < cropWidth; x++)
                    {
                        byte pixel = small.Data[(y * cropWidth) + (mirror ? cropWidth - 1 - x : x)];
                        values[(((c * crop) + y + top) * crop) + x + left] =
                            (pixel - mean(c, y + top, x + left)) * 0.25f;
                    }
                }
            }
        }

        return values;

        static int Round(float value) => (int)MathF.Round(value, MidpointRounding.AwayFromZero);
    }

    [Fact]
    public void Seek_EqualsReadingUpToThere_AndReplicasDrawTheirOwn()
    {
        using var straight = new DataHarness<WindowDataLayer>(Parameter());
        using var jumped = new DataHarness<WindowDataLayer>(Parameter());
        string first = string.Join(' ', straight.Next().Keys);
        straight.Forward();
        Assert.Null(straight.Layer.RecordCount);
        jumped.Layer.Seek(straight.Layer.Position);
        (string[] keys, float[] data, _) = straight.Next();
        (string[] jumpedKeys, float[] jumpedData, _) = jumped.Next();
        Assert.Equal(keys, jumpedKeys);
        Assert.Equal(data, jumpedData);
        using var other = new DataHarness<WindowDataLayer>(Parameter(), rank: 1, count: 2);
        Assert.NotEqual(first, string.Join(' ', other.Next().Keys));
        Assert.Equal(16, other.Layer.Position);
    }

    [Fact]
    public void Fractions_MayLeaveNoForegroundOrNoBackground()
    {
        foreach (float fraction in (float[])[0, 1])
        {
            LayerParameter parameter = Parameter(windows: fraction == 0
                ? "# 0 0.png 3 20 31 1 0 0 0 0 9 9" : "# 0 0.png 3 20 31 1 2 1 0 0 9 9");
            parameter.WindowDataParam.FgFraction = fraction;
            using var harness = new DataHarness<WindowDataLayer>(parameter);
            Assert.All(harness.Next().Labels, label => Assert.Equal(2 * fraction, label));
            parameter.WindowDataParam.FgFraction = 1 - fraction;
            Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(
                () => new DataHarness<WindowDataLayer>(parameter)).Code);
        }
    }

    [Theory]
    [InlineData("x 0 0.png", 1, "'#'")]
    [InlineData("# 0 0.png 3 20\n31 2\n0 0 0 0 9 9", 3, "the end")]
    [InlineData("# 0 0.png 3 20\nwide 2", 2, "the image's width")]
    [InlineData("# 0 0.png 3 20 31 -1", 1, "the number of windows")]
    [InlineData("# 0 0.png 3 20 31 1\n0 much 0 0 9 9", 2, "overlap")]
    [InlineData("# 0 0.png 3 20 31 1\n0 1 0 0 9 9", 2, "class must be above 0")]
    [InlineData("# 0 0.png 3 20 31 1\n0 0 9 0 8 9", 2, "no window")]
    public void BadWindowFiles_AreToldWithTheirLine(string windows, int line, string text)
    {
        LayerParameter parameter = Parameter(windows: windows);
        CaffeException failure =
            Assert.Throws<CaffeException>(() => new DataHarness<WindowDataLayer>(parameter));
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Equal(new SourcePlace(parameter.WindowDataParam.Source, line, 1), failure.Place);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.png", "0 0 0 0 9 9", ErrorCodes.SourceUnreadable, "there is no image")]
    [InlineData("windows.txt", "0 0 0 0 9 9", ErrorCodes.BadRecord, "no image file")]
    [InlineData("0.png", "0 0 0 0 31 9", ErrorCodes.BadRecord, "0 0 31 9 lies outside")]
    [InlineData("0.png", "0 0 -1 0 3 9", ErrorCodes.BadRecord, "lies outside")]
    public void BadImages_AreToldWithTheirWindowsLine(string image, string window, string code, string text)
    {
        LayerParameter parameter = Parameter(windows: $"# 0 {image} 3 20 31 1\n{window}\n");
        parameter.WindowDataParam.FgFraction = 0;
        using var harness = new DataHarness<WindowDataLayer>(parameter);
        CaffeException failure = Assert.Throws<CaffeException>(harness.Forward);
        Assert.Equal((code, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Equal(new SourcePlace(parameter.WindowDataParam.Source, 2, 1), failure.Place);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
        parameter.WindowDataParam.ContextPad = 2;
        parameter.WindowDataParam.CacheImages = true;
        if (image == "missing.png")
            Assert.Throws<CaffeException>(() => new DataHarness<WindowDataLayer>(parameter));
    }

    [Fact]
    public void WindowsFarOutside_AreErrorsWithContextToo()
    {
        LayerParameter parameter = Parameter(windows:
            "# 0 0.png 3 20 31 1\n0 0 2000000000 0 2147483647 9\n");
        parameter.WindowDataParam.FgFraction = 0;
        parameter.WindowDataParam.ContextPad = 2;
        using var harness = new DataHarness<WindowDataLayer>(parameter);
        Assert.Equal(ErrorCodes.BadRecord, Assert.Throws<CaffeException>(harness.Forward).Code);
    }

    [Fact]
    public void SetUp_RefusesWhatCannotWork()
    {
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.WindowDataParam.Source = "");
        Fails(ErrorCodes.SourceUnreadable, parameter => parameter.WindowDataParam.Source = _folder.At("none"));
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.WindowDataParam.BatchSize = 0);
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.TransformParam.CropSize = 0);
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.WindowDataParam.ContextPad = 6);
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.WindowDataParam.CropMode = "round");
        Fails(ErrorCodes.BadLayerParameter, parameter => parameter.WindowDataParam.FgFraction = 1.1f);
        Fails(ErrorCodes.SourceUnreadable, parameter => parameter.WindowDataParam.FgThreshold = 2);
        Fails(ErrorCodes.ShapeMismatch, parameter => parameter.TransformParam.MeanValue.Add([1f, 2f]));
        Fails(ErrorCodes.ShapeMismatch,
            parameter => parameter.TransformParam.MeanFile = WriteMean(new float[300], 10, 10));
        Fails(ErrorCodes.BadLayerParameter, parameter =>
        {
            parameter.TransformParam.MeanFile = WriteMean(new float[3 * 144], 12, 12);
            parameter.TransformParam.MeanValue.Add(1);
        });
        Fails(ErrorCodes.BlobCount, _ => { }, tops: 1);
        Fails(ErrorCodes.BadLayerParameter, _ => { }, extension: new DataExtension(Shuffle: true));
        LayerParameter scaled = Parameter();
        scaled.TransformParam.Scale = 3;
        using var harness = new DataHarness<WindowDataLayer>(scaled);
        Assert.Contains("window_data_param scale", Assert.Single(harness.Notices), StringComparison.Ordinal);

        void Fails(string code, Action<LayerParameter> change, int tops = 2, object? extension = null)
        {
            LayerParameter parameter = Parameter();
            change(parameter);
            Assert.Equal(code, Assert.Throws<CaffeException>(
                () => new DataHarness<WindowDataLayer>(parameter, tops, extension: extension)).Code);
        }
    }

    private string WriteMean(float[] values, int height, int width)
    {
        var proto = new BlobProto { Num = 1, Channels = 3, Height = height, Width = width };
        proto.Data.Add(values);
        File.WriteAllBytes(_folder.At("mean.binaryproto"), proto.ToByteArray());
        return _folder.At("mean.binaryproto");
    }
}
