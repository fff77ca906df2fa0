using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed class VectorMathTests
{
    private const float Infinity = float.PositiveInfinity, NaN = float.NaN;

    [Fact]
    public void Exp_IsCloseEverywhere() => AssertClose(VectorMath.Exp, Math.Exp, 1.2);

    [Fact]
    public void Log_IsCloseEverywhere() => AssertClose(VectorMath.Log, Math.Log, 1.2);

    [Fact]
    public void Tanh_IsCloseEverywhere() => AssertClose(VectorMath.Tanh, Math.Tanh, 2.5);

    [Fact]
    public void Sigmoid_IsCloseEverywhere() => AssertClose(VectorMath.Sigmoid, x => 1 / (1 + Math.Exp(-x)), 2.5);

    [Fact]
    public void Exp_HasTheLimitsOfMath() => AssertValues(
        VectorMath.Exp,
        (0f, 1f), (-0f, 1f), (Infinity, Infinity), (-Infinity, 0f), (NaN, NaN), (88.72284f, Infinity),
        (float.MaxValue, Infinity), (-103.97f, float.Epsilon), (-103.98f, 0f), (float.MinValue, 0f));

    [Fact]
    public void Log_HasTheLimitsOfMath() => AssertValues(
        VectorMath.Log,
        (1f, 0f), (0f, -Infinity), (-0f, -Infinity), (-float.Epsilon, NaN), (-Infinity, NaN), (Infinity, Infinity),
        (NaN, NaN), (float.Epsilon, MathF.Log(float.Epsilon)), (float.MaxValue, MathF.Log(float.MaxValue)));

    [Fact]
    public void Tanh_HasTheLimitsOfMath() => AssertValues(
        VectorMath.Tanh,
        (0f, 0f), (-0f, -0f), (1e-40f, 1e-40f), (Infinity, 1f), (-Infinity, -1f), (9.5f, 1f), (float.MinValue, -1f),
        (NaN, NaN));

    [Fact]
    public void Sigmoid_HasItsLimits() => AssertValues(
        VectorMath.Sigmoid, (0f, 0.5f), (Infinity, 1f), (-Infinity, 0f), (float.MinValue, 0f), (NaN, NaN));

    [Fact]
    public void Sign_IsZeroOfZeroAndNaN() => AssertValues(
        VectorMath.Sign,
        (0f, 0f), (-0f, 0f), (NaN, 0f), (3f, 1f), (-3f, -1f), (Infinity, 1f), (-Infinity, -1f), (float.Epsilon, 1f),
        (-float.Epsilon, -1f));

    [Fact]
    public void SumLanesAndMaxLane_SeeEveryLane()
    {
        for (int lane = 0; lane < 16; lane++)
        {
            Assert.Equal(1f, VectorMath.SumLanes(Vector512<float>.Zero.WithElement(lane, 1)));
            Assert.Equal(1f, VectorMath.MaxLane(Vector512<float>.Zero.WithElement(lane, 1)));
            Assert.True(float.IsNaN(VectorMath.MaxLane(Vector512<float>.Zero.WithElement(lane, NaN))));
        }
    }

    // Every 1009th bit pattern: all exponents, both signs, denormals, NaNs.
    private static void AssertClose(
        Func<Vector512<float>, Vector512<float>> function, Func<double, double> exact, double tolerance)
    {
        double worst = 0;
        float worstAt = 0;
        for (long bits = 0; bits < 1L << 32; bits += 16 * 1009)
        {
            Vector512<float> x = (Vector512.Create((uint)bits) + (Vector512<uint>.Indices * 1009)).AsSingle();
            Vector512<float> y = function(x);
            for (int lane = 0; lane < 16; lane++)
            {
                double wanted = exact(x[lane]);
                var nearest = (float)wanted;
                if (nearest.Equals(y[lane]))
                    continue;
                double unit = MathF.BitIncrement(MathF.Abs(nearest)) - MathF.Abs(nearest);
                double units = Math.Abs(wanted - y[lane]) / unit;
                if (!(units <= worst))
                    (worst, worstAt) = (units, x[lane]);
            }
        }

        Assert.True(worst <= tolerance, $"{worst} units in the last place at {worstAt:R}");
    }

    private static void AssertValues(
        Func<Vector512<float>, Vector512<float>> function, params ReadOnlySpan<(float X, float Y)> points)
    {
        foreach ((float x, float expected) in points)
        {
            float actual = function(Vector512.Create(x))[0];
            bool sameSign = float.IsNaN(expected) || float.IsNegative(expected) == float.IsNegative(actual);
            Assert.True(expected.Equals(actual) && sameSign, $"f({x:R}) is {actual:R}, not {expected:R}");
        }
    }
}
