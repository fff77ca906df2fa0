using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Tests.Layers.Pooling;

public sealed class PoolingLayerTests
{
    // Shapes and windows: the kernels' special cases (2x2 and 3x3 two apart, one apart, the whole plane), odd ones,
    // windows that hang over the plane, and planes wider than two registers.
    public static TheoryData<int[], uint[], uint[], uint[]> Cases => new()
    {
        { [2, 3, 8, 8], [2, 2], [2, 2], [0, 0] },
        { [2, 3, 8, 7], [3, 3], [2, 2], [0, 0] },
        { [1, 2, 7, 75], [3, 3], [2, 2], [0, 0] },
        { [2, 2, 6, 9], [3, 3], [2, 2], [1, 1] },
        { [1, 3, 5, 40], [3, 3], [1, 1], [1, 1] },
        { [2, 1, 5, 4], [5, 4], [1, 1], [0, 0] },
        { [1, 2, 9, 37], [2, 5], [1, 2], [1, 2] },
        { [1, 2, 11, 13], [3, 4], [3, 3], [0, 1] },
        { [1, 1, 4, 5], [1, 1], [3, 3], [0, 0] },
        { [1, 2, 4, 6], [2, 2], [5, 1], [0, 0] },
        { [1, 1, 2, 2], [3, 3], [2, 2], [0, 0] },
        { [3, 2, 1, 1], [1, 1], [1, 1], [0, 0] },
        { [1, 1, 20, 3], [4, 3], [2, 1], [2, 0] },
        { [1, 1, 2, 3], [500, 700], [500, 700], [0, 0] },
    };

    // Larger ones, for which differences would take long: rows of windows that go on with the next ones', with more
    // of them than are kept at once, windows that share rows but no columns, and the sizes of well-known nets.
    public static TheoryData<int[], uint[], uint[], uint[]> LargeCases => new()
    {
        { [2, 3, 40, 40], [3, 3], [1, 1], [1, 1] },
        { [2, 9, 7, 7], [3, 3], [1, 1], [1, 1] },
        { [2, 3, 14, 14], [3, 3], [1, 1], [1, 1] },
        { [1, 4, 13, 13], [5, 5], [1, 1], [2, 2] },
        { [2, 2, 30, 40], [3, 3], [2, 2], [0, 0] },
        { [2, 2, 31, 41], [3, 3], [2, 2], [1, 1] },
        { [2, 3, 6, 50], [2, 2], [2, 2], [0, 0] },
        { [1, 3, 12, 35], [4, 5], [2, 2], [1, 2] },
        { [2, 2, 9, 20], [3, 3], [2, 1], [1, 1] },
        { [1, 2, 60, 40], [2, 4], [1, 1], [1, 0] },
        { [1, 2, 9, 9], [9, 9], [1, 1], [4, 4] },
    };

    private static LayerParameter Parameter(PoolMethod pool, uint[] kernel, uint[] stride, uint[] pad) => new()
    {
        Type = "Pooling",
        PoolingParam = new PoolingParameter
        {
            Pool = pool,
            KernelH = kernel[0],
            KernelW = kernel[1],
            StrideH = stride[0],
            StrideW = stride[1],
            PadH = pad[0],
            PadW = pad[1],
        },
    };

    private static LayerParameter Of(PoolingParameter pooling) => new() { Type = "Pooling", PoolingParam = pooling };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Max_TakesTheGreatestAndItsPlace(int[] shape, uint[] kernel, uint[] stride, uint[] pad)
    {
        using Blob twice = LayerHarness.RandomBlob(1, shape);
        // Two values only, so that there are equal ones in most windows.
        foreach (Blob bottom in (Blob[])[LayerHarness.RandomBlob(1, shape), Coarse(twice)])
        {
            using var harness = new LayerHarness(Parameter(PoolMethod.Max, kernel, stride, pad), [bottom], tops: 2);
            harness.Forward();
            ForEachWindow(harness, kernel, stride, pad, (window, cells, _) =>
            {
                (float value, int place) = (float.MinValue, -1);
                foreach ((int at, float cell) in cells)
                {
                    if (cell > value)
                        (value, place) = (cell, at);
                }

                Assert.Equal(value, harness.Top[0].Data[window]);
                Assert.Equal(place, harness.Top[1].Data[window]);
            });
        }
    }

    [Theory]
    [MemberData(nameof(LargeCases))]
    public void Max_OfLargePlanesGoesThereAndBack(int[] shape, uint[] kernel, uint[] stride, uint[] pad)
    {
        Max_TakesTheGreatestAndItsPlace(shape, kernel, stride, pad);
        using Blob values = LayerHarness.RandomBlob(1, shape);
        using Blob bottom = Coarse(values);
        using var harness = new LayerHarness(Parameter(PoolMethod.Max, kernel, stride, pad), [bottom], tops: 2);
        harness.Forward();
        LayerHarness.FillRandom(harness.Top[0].MutableDiff, 2);
        harness.Backward();
        float[] expected = new float[bottom.Count];
        int windows = harness.Top[0].CountFrom(2), cells = bottom.CountFrom(2);
        for (int i = 0; i < harness.Top[0].Count; i++)
            expected[(i / windows * cells) + (int)harness.Top[1].Data[i]] += harness.Top[0].Diff[i];
        Assert.Equal(expected, bottom.Diff.ToArray());
    }

    [Theory]
    [InlineData(3u, 1u, 1u)]
    [InlineData(3u, 2u, 0u)]
    [InlineData(4u, 3u, 0u)]
    public void Max_OfANetThatRunsForwardOnlyIsTheSame(uint kernel, uint stride, uint pad)
    {
        using var harness = new LayerHarness(
            Parameter(PoolMethod.Max, [kernel, kernel], [stride, stride], [pad, pad]),
            [LayerHarness.RandomBlob(4, [2, 3, 21, 37])]);
        harness.Forward();
        float[] noted = harness.Top[0].Data.ToArray();
        harness.Top[0].MutableData.Clear();
        harness.Layer.KeepsForGradient = false;
        harness.Forward();
        Assert.Equal(noted, harness.Top[0].Data.ToArray());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Average_DividesByTheWindowWithItsPadding(int[] shape, uint[] kernel, uint[] stride, uint[] pad)
    {
        using var harness = new LayerHarness(
            Parameter(PoolMethod.Ave, kernel, stride, pad), [LayerHarness.RandomBlob(2, shape)]);
        harness.Forward();
        ForEachWindow(harness, kernel, stride, pad, (window, cells, size) =>
        {
            double expected = cells.Length == 0 ? 0 : cells.Sum(cell => (double)cell.Value) / size;
            Assert.Equal(expected, harness.Top[0].Data[window], 1e-5);
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backward_AgreesWithDifferences(int[] shape, uint[] kernel, uint[] stride, uint[] pad)
    {
        foreach (PoolMethod pool in (PoolMethod[])[PoolMethod.Max, PoolMethod.Ave])
        {
            using var harness = new LayerHarness(
                Parameter(pool, kernel, stride, pad), [TestBlobs.Spaced(3, shape)]);
            new GradientChecker { Threshold = 2e-3f }.Check(harness);
        }
    }

    [Theory]
    [InlineData(PoolMethod.Max)]
    [InlineData(PoolMethod.Ave)]
    public void GlobalPooling_FollowsThePlane(PoolMethod pool)
    {
        using var harness = new LayerHarness(
            Of(new PoolingParameter { Pool = pool, GlobalPooling = true }), [TestBlobs.Spaced(4, [2, 3, 7, 9])]);
        foreach (int[] shape in (int[][])[[2, 3, 7, 9], [3, 2, 5, 4], [1, 3, 8, 6]])
        {
            using Blob values = TestBlobs.Spaced(5, shape);
            harness.Bottom[0].CopyDataFrom(values);
            harness.Forward();
            Assert.Equal([shape[0], shape[1], 1, 1], harness.Top[0].Shape.ToArray());
            int plane = shape[2] * shape[3];
            for (int i = 0; i < harness.Top[0].Count; i++)
            {
                float[] cells = values.Data.Slice(i * plane, plane).ToArray();
                Assert.Equal(pool == PoolMethod.Max ? cells.Max() : cells.Average(), harness.Top[0].Data[i], 1e-5f);
            }

            harness.Top[0].MutableDiff.Fill(plane);
            harness.Backward();
            Assert.Equal(harness.Top[0].Count * (double)plane, TestBlobs.ToDoubles(harness.Bottom[0].Diff).Sum(), 1e-3);
        }
    }

    [Theory]
    [InlineData(6, 3u, 2u, 0u, RoundMode.Ceil, 3)]
    [InlineData(6, 3u, 2u, 0u, RoundMode.Floor, 2)]
    [InlineData(7, 3u, 2u, 0u, RoundMode.Ceil, 3)]
    [InlineData(112, 3u, 2u, 0u, RoundMode.Ceil, 56)]
    [InlineData(4, 2u, 2u, 1u, RoundMode.Ceil, 3)]
    // The fourth window would begin beyond the plane and its padding.
    [InlineData(5, 2u, 2u, 1u, RoundMode.Ceil, 3)]
    [InlineData(2, 3u, 2u, 0u, RoundMode.Ceil, 1)]
    // Without padding a window wholly outside stays.
    [InlineData(4, 1u, 2u, 0u, RoundMode.Ceil, 3)]
    public void Size_IsRoundedAndClipped(int size, uint kernel, uint stride, uint pad, RoundMode mode, int pooled)
    {
        using var harness = new LayerHarness(
            Of(new PoolingParameter { KernelSize = kernel, Stride = stride, Pad = pad, RoundMode = mode }),
            [LayerHarness.RandomBlob(6, [1, 1, size, size])]);
        Assert.Equal([1, 1, pooled, pooled], harness.Top[0].Shape.ToArray());
    }

    [Fact]
    public void WindowsWithoutANumber_AreDefined()
    {
        // 1x1 windows 3 apart on a side of 3: the second lies wholly outside. The only cell inside is NaN.
        float[] cells = [float.NaN, 1, 1, 1, 1, 1, 1, 1, 1];
        LayerParameter Pool(PoolMethod pool) => Parameter(pool, [1, 1], [3, 3], [0, 0]);

        using var max = new LayerHarness(Pool(PoolMethod.Max), [LayerHarness.BlobOf([1, 1, 3, 3], cells)], tops: 2);
        max.Forward();
        Assert.Equal(Enumerable.Repeat(float.MinValue, 4), max.Top[0].Data.ToArray());
        Assert.Equal(Enumerable.Repeat(-1f, 4), max.Top[1].Data.ToArray());
        max.Top[0].MutableDiff.Fill(1);
        max.Backward();
        Assert.Equal(new float[9], max.Bottom[0].Diff.ToArray());

        using var average = new LayerHarness(Pool(PoolMethod.Ave), [LayerHarness.BlobOf([1, 1, 3, 3], cells)]);
        average.Forward();
        Assert.True(float.IsNaN(average.Top[0].Data[0]));
        Assert.Equal(new float[3], average.Top[0].Data[1..].ToArray());
        average.Top[0].MutableDiff.Fill(1);
        average.Backward();
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0, 0], average.Bottom[0].Diff.ToArray());
    }

    [Theory]
    [InlineData(2u, 2u)]
    [InlineData(3u, 1u)]
    public void Max_OfNaNAndNumbersIsTheGreatestNumber(uint kernel, uint stride)
    {
        using Blob values = LayerHarness.RandomBlob(7, [1, 2, 9, 40]);
        for (int i = 0; i < values.Count; i += 3)
            values.MutableData[i] = float.NaN;
        using var harness = new LayerHarness(
            Of(new PoolingParameter { KernelSize = kernel, Stride = stride }),
            [LayerHarness.BlobOf([1, 2, 9, 40], values.Data)]);
        harness.Forward();
        ForEachWindow(harness, [kernel, kernel], [stride, stride], [0, 0], (window, cells, _) => Assert.Equal(
            cells.Where(cell => !float.IsNaN(cell.Value)).Select(cell => cell.Value).DefaultIfEmpty(float.MinValue)
            .Max(),
            harness.Top[0].Data[window]));
    }

    [Fact]
    public void Stochastic_DrawsInProportion()
    {
        const int Images = 4000;
        float[] cells = [.. Enumerable.Range(0, Images).SelectMany(_ => (float[])[0, 1, 3, 0])];
        using var harness = new LayerHarness(
            Of(new PoolingParameter { Pool = PoolMethod.Stochastic, KernelSize = 2 }),
            [LayerHarness.BlobOf([Images, 1, 2, 2], cells)]);
        harness.Forward();
        float[] first = harness.Top[0].Data.ToArray();
        Assert.All(first, value => Assert.True(value is 1 or 3));
        Assert.Equal(0.75, first.Count(value => value == 3) / (double)Images, 0.03);

        harness.Top[0].MutableDiff.Fill(2);
        harness.Backward();
        for (int i = 0; i < Images; i++)
        {
            float[] expected = first[i] == 1 ? [0, 2, 0, 0] : [0, 0, 2, 0];
            Assert.Equal(expected, harness.Bottom[0].Diff.Slice(4 * i, 4).ToArray());
        }

        harness.Forward();
        Assert.NotEqual(first, harness.Top[0].Data.ToArray());
    }

    [Fact]
    public void Stochastic_InTestPhaseIsTheMeanOfTheDraw()
    {
        LayerParameter parameter =
            Of(new PoolingParameter { Pool = PoolMethod.Stochastic, KernelSize = 3, Stride = 2 });
        parameter.Phase = Phase.Test;
        using var harness = new LayerHarness(parameter, [LayerHarness.RandomBlob(8, [2, 3, 6, 8], 0.1f, 1)]);
        harness.Forward();
        ForEachWindow(harness, [3, 3], [2, 2], [0, 0], (window, cells, _) => Assert.Equal(
            cells.Sum(cell => (double)cell.Value * cell.Value) / cells.Sum(cell => (double)cell.Value),
            harness.Top[0].Data[window], 1e-5));
        new GradientChecker().Check(harness);

        harness.Bottom[0].MutableData.Clear();
        harness.Forward();
        Assert.Equal(new float[harness.Top[0].Count], harness.Top[0].Data.ToArray());
    }

    [Theory]
    [InlineData(PoolMethod.Max, 3u, 2u, 0u)]
    [InlineData(PoolMethod.Max, 3u, 1u, 1u)]
    [InlineData(PoolMethod.Ave, 3u, 2u, 1u)]
    [InlineData(PoolMethod.Stochastic, 3u, 2u, 0u)]
    public void Threads_DoNotMatter(PoolMethod pool, uint kernel, uint stride, uint pad) =>
        LayerAssert.ThreadsDoNotMatter(
        Of(new PoolingParameter { Pool = pool, KernelSize = kernel, Stride = stride, Pad = pad }),
        () => [LayerHarness.RandomBlob(9, [3, 17, 30, 41], 0, 1)]);

    [Theory]
    [InlineData(PoolMethod.Max)]
    [InlineData(PoolMethod.Ave)]
    [InlineData(PoolMethod.Stochastic)]
    public void Passes_AllocateNothing(PoolMethod pool) => SteadyState.AllocatesNothing(
        Of(new PoolingParameter { Pool = pool, KernelSize = 3, Stride = 2 }),
        [LayerHarness.RandomBlob(10, [4, 10, 33, 33], 0, 1)]);

    [Theory]
    [InlineData("kernel_size")]
    [InlineData("kernel_size", "kernel_h", "kernel_w", "kernel_size")]
    [InlineData("kernel_h", "kernel_h")]
    [InlineData("global", "global_pooling", "kernel_size")]
    [InlineData("at least 1", "kernel_size=0")]
    [InlineData("stride_w", "kernel_size", "stride_h")]
    [InlineData("stride", "kernel_size", "stride=0")]
    [InlineData("stride", "kernel_size", "stride_h", "stride_w=0")]
    [InlineData("pad_w", "kernel_size", "pad_h")]
    [InlineData("pad is given beside", "kernel_size", "pad", "pad_h", "pad_w")]
    [InlineData("smaller than the kernel", "kernel_size", "pad=3")]
    [InlineData("pad 0 and stride 1", "global_pooling", "stride=2")]
    [InlineData("only MAX and AVE", "kernel_size", "stochastic", "pad")]
    [InlineData("must not be above", "kernel_size=4294967295")]
    public void Settings_ThatCannotWorkAreNamed(string named, params string[] settings)
    {
        var pooling = new PoolingParameter();
        foreach (string setting in settings)
        {
            string[] parts = setting.Split('=');
            uint value = parts.Length > 1 ? uint.Parse(parts[1]) : 1;
            switch (parts[0])
            {
                case "kernel_size": pooling.KernelSize = parts.Length > 1 ? value : 3; break;
                case "kernel_h": pooling.KernelH = 3; break;
                case "kernel_w": pooling.KernelW = 3; break;
                case "stride": pooling.Stride = value; break;
                case "stride_h": pooling.StrideH = value; break;
                case "stride_w": pooling.StrideW = value; break;
                case "pad": pooling.Pad = value; break;
                case "pad_h": pooling.PadH = value; break;
                case "pad_w": pooling.PadW = value; break;
                case "global_pooling": pooling.GlobalPooling = true; break;
                default: pooling.Pool = PoolMethod.Stochastic; break;
            }
        }

        if (settings.Length == 0)
            named = "size is missing";
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Of(pooling), [LayerHarness.RandomBlob(11, [1, 1, 6, 6])], 1, named);
    }

    [Fact]
    public void ShapesThatCannotWork_AreNamed()
    {
        LayerParameter three = Of(new PoolingParameter { KernelSize = 3 });
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, three, [LayerHarness.RandomBlob(12, [3, 4])], 1, "3 axes");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, three, [LayerHarness.RandomBlob(12, [1, 1, 5, 2])], 1, "width 2", "kernel 3");
        LayerParameter average = Of(new PoolingParameter { Pool = PoolMethod.Ave, KernelSize = 3 });
        LayerAssert.SetUpFails(ErrorCodes.BlobCount, average, [LayerHarness.RandomBlob(12, [1, 1, 5, 5])], 2, "top");
    }

    [Fact]
    public void LoneKernelH_BesideKernelSizeIsIgnored()
    {
        using var harness = new LayerHarness(
            Of(new PoolingParameter { KernelSize = 2, KernelH = 5 }), [LayerHarness.RandomBlob(13, [1, 1, 4, 4])]);
        Assert.Equal([1, 1, 3, 3], harness.Top[0].Shape.ToArray());
    }

    private static Blob Coarse(Blob values) => LayerHarness.BlobOf(
        values.Shape, [.. values.Data.ToArray().Select(value => MathF.Round(value))]);

    // Calls back with each window's number, its cells on the plane (place and value) and the size averages divide by.
    private static void ForEachWindow(
        LayerHarness harness, uint[] kernel, uint[] stride, uint[] pad,
        Action<int, (int Place, float Value)[], int> check)
    {
        int height = harness.Bottom[0].Dim(2), width = harness.Bottom[0].Dim(3), window = 0;
        for (int plane = 0; plane < harness.Bottom[0].CountRange(0, 2); plane++)
        {
            float[] cells = harness.Bottom[0].Data.Slice(plane * height * width, height * width).ToArray();
            for (int ph = 0; ph < harness.Top[0].Dim(2); ph++)
            {
                for (int pw = 0; pw < harness.Top[0].Dim(3); pw++, window++)
                {
                    int top = (ph * (int)stride[0]) - (int)pad[0], left = (pw * (int)stride[1]) - (int)pad[1];
                    int bottom = Math.Min(top + (int)kernel[0], height + (int)pad[0]);
                    int right = Math.Min(left + (int)kernel[1], width + (int)pad[1]);
                    check(window,
                        [
                            .. from h in Enumerable.Range(top, Math.Max(0, bottom - top))
                               from w in Enumerable.Range(left, Math.Max(0, right - left))
                               where h >= 0 && h < height && w >= 0 && w < width
                               select ((h * width) + w, cells[(h * width) + w]),
                        ],
                        (bottom - top) * (right - left));
                }
            }
        }
    }
}
