using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;
using PoolMethod = CaffeActors.Compute.Schema.SPPParameter.Types.PoolMethod;

namespace CaffeActors.Compute.Tests.Layers.Pooling;

public sealed class SPPLayerTests
{
    private static LayerParameter Parameter(uint levels, PoolMethod pool = PoolMethod.Max) => new()
    {
        Type = "SPP",
        SppParam = new SPPParameter { PyramidHeight = levels, Pool = pool },
    };

    public static TheoryData<uint, int[]> Cases => new()
    {
        { 1, [2, 3, 5, 4] },
        { 2, [2, 3, 4, 4] },
        { 3, [2, 3, 9, 12] },
        { 3, [1, 2, 4, 7] },
        { 3, [1, 2, 6, 11] },
        { 4, [2, 2, 14, 20] },
        { 2, [1, 1, 2, 50] },
    };

    // Each level is a Pooling layer of its own.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Levels_ArePoolingLayers(uint levels, int[] shape)
    {
        foreach (PoolMethod pool in (PoolMethod[])[PoolMethod.Max, PoolMethod.Ave])
        {
            using var harness = new LayerHarness(Parameter(levels, pool), [LayerHarness.RandomBlob(1, shape)]);
            harness.Forward();
            int bins = Enumerable.Range(0, (int)levels).Sum(i => 1 << (2 * i)), channels = shape[1];
            Assert.Equal(
                levels == 1 ? [shape[0], channels, 1, 1] : [shape[0], channels * bins],
                harness.Top[0].Shape.ToArray());
            using Blob dy = LayerHarness.RandomBlob(2, harness.Top[0].Shape);
            dy.Data.CopyTo(harness.Top[0].MutableDiff);
            harness.Backward();
            float[] dx = new float[harness.Bottom[0].Count];
            for (int i = 0, offset = 0; i < levels; i++)
            {
                int side = 1 << i, size = side * side * channels;
                int[] kernel = [.. shape[2..].Select(length => (length + side - 1) / side)];
                var pooling = new PoolingParameter
                {
                    Pool = (PoolingParameter.Types.PoolMethod)pool,
                    KernelH = (uint)kernel[0],
                    KernelW = (uint)kernel[1],
                    StrideH = (uint)kernel[0],
                    StrideW = (uint)kernel[1],
                    PadH = (uint)(((kernel[0] * side) - shape[2] + 1) / 2),
                    PadW = (uint)(((kernel[1] * side) - shape[3] + 1) / 2),
                };
                using var level = new LayerHarness(
                    new LayerParameter { Type = "Pooling", PoolingParam = pooling },
                    [LayerHarness.RandomBlob(1, shape)]);
                level.Forward();
                Assert.Equal([shape[0], channels, side, side], level.Top[0].Shape.ToArray());
                for (int n = 0; n < shape[0]; n++)
                {
                    int from = (n * bins * channels) + offset;
                    Assert.Equal(
                        level.Top[0].Data.Slice(n * size, size).ToArray(),
                        harness.Top[0].Data.Slice(from, size).ToArray());
                    dy.Data.Slice(from, size).CopyTo(level.Top[0].MutableDiff[(n * size)..]);
                }

                level.Backward();
                for (int k = 0; k < dx.Length; k++)
                    dx[k] += level.Bottom[0].Diff[k];
                offset += size;
            }

            for (int k = 0; k < dx.Length; k++)
                Assert.Equal(dx[k], harness.Bottom[0].Diff[k], 1e-6f);
        }
    }

    [Theory]
    [InlineData(1u, PoolMethod.Max, 2, 2, 3, 4)]
    [InlineData(3u, PoolMethod.Max, 2, 2, 6, 7)]
    [InlineData(3u, PoolMethod.Ave, 2, 2, 6, 7)]
    public void Backward_AgreesWithDifferences(uint levels, PoolMethod pool, params int[] shape)
    {
        using var harness = new LayerHarness(Parameter(levels, pool), [TestBlobs.Spaced(3, shape)]);
        new GradientChecker { Threshold = 2e-3f }.Check(harness);
    }

    [Theory]
    [InlineData(Phase.Train)]
    [InlineData(Phase.Test)]
    public void Stochastic_WorksWithoutPadding(Phase phase)
    {
        LayerParameter parameter = Parameter(3, PoolMethod.Stochastic);
        parameter.Phase = phase;
        using var harness = new LayerHarness(parameter, [LayerHarness.RandomBlob(4, [2, 2, 8, 12], 0.1f, 1)]);
        harness.Forward();
        // What is drawn is an element of the plane, the mean of the draw lies between its least and greatest.
        float[] plane = harness.Bottom[0].Data[..96].ToArray();
        Assert.InRange(harness.Top[0].Data[0], plane.Min(), plane.Max());
        if (phase == Phase.Test)
        {
            new GradientChecker { Threshold = 2e-3f }.Check(harness);
            return;
        }

        // Each bin gives its gradient to the element drawn.
        Assert.Contains(harness.Top[0].Data[0], plane);
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        Assert.Equal(21, harness.Bottom[0].Diff[..96].ToArray().Sum());
        Assert.InRange(harness.Bottom[0].Diff[plane.AsSpan().IndexOf(harness.Top[0].Data[0])], 1, 3);
    }

    [Fact]
    public void Reshape_FollowsTheBottom()
    {
        using var harness = new LayerHarness(Parameter(3), [LayerHarness.RandomBlob(1, [2, 3, 9, 12])]);
        harness.Bottom[0].Reshape(1, 3, 30, 17);
        harness.Forward();
        Assert.Equal([1, 63], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(1, 3, 30, 5);
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Forward());
        Assert.Contains("a width of 5 cannot be cut into 4 bins", failure.Message, StringComparison.Ordinal);
    }

    // With 3 levels 1, 2, 3 and 5 do not work; 4 and all from 6 on do.
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    [InlineData(7, true)]
    public void Sides_ThatCannotBeCutAreNamed(int side, bool works)
    {
        Blob bottom = LayerHarness.RandomBlob(1, [1, 1, side, 8]);
        if (works)
            new LayerHarness(Parameter(3), [bottom]).Dispose();
        else
            LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(3), [bottom], 1, $"a height of {side} cannot");
    }

    [Fact]
    public void BadParameters_AreNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, new LayerParameter { Type = "SPP" }, [new Blob(1, 1, 8, 8)], 1,
            "pyramid_height");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(2), [new Blob(1, 8, 8)], 1, "4 axes");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(uint.MaxValue), [new Blob(1, 1, 8, 8)], 1, "bins");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(2, PoolMethod.Stochastic), [new Blob(1, 1, 9, 8)], 1, "no padding");
    }

    [Theory]
    [InlineData(PoolMethod.Max)]
    [InlineData(PoolMethod.Ave)]
    public void Threads_DoNotMatter(PoolMethod pool) => LayerAssert.ThreadsDoNotMatter(
        Parameter(3, pool), () => [LayerHarness.RandomBlob(9, [3, 17, 30, 41])]);

    [Theory]
    [InlineData(PoolMethod.Max)]
    [InlineData(PoolMethod.Ave)]
    public void Passes_AllocateNothing(PoolMethod pool) =>
        SteadyState.AllocatesNothing(Parameter(3, pool), [LayerHarness.RandomBlob(10, [4, 10, 33, 33])]);
}
