using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class GpuMathTests
{
    private const float Infinity = float.PositiveInfinity, NaN = float.NaN;

    [Fact]
    public void Exp_IsCloseEverywhere() => AssertClose(GpuMath.Exp, Math.Exp);

    [Fact]
    public void Log_IsCloseEverywhere() => AssertClose(GpuMath.Log, Math.Log);

    [Fact]
    public void Tanh_IsCloseEverywhere() => AssertClose(GpuMath.Tanh, Math.Tanh);

    [Fact]
    public void Sigmoid_IsCloseEverywhere() => AssertClose(GpuMath.Sigmoid, x => 1 / (1 + Math.Exp(-x)));

    [Fact]
    public void Abs_IsExact() => AssertClose(GpuMath.Abs, Math.Abs, 0);

    // The error of the exponent grows with it: half a unit of it is that part of the result.
    [Theory]
    [InlineData(0.75f)]
    [InlineData(-0.75f)]
    [InlineData(0.5f)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(-1)]
    public void Pow_IsClose(float power)
    {
        for (float x = -3000; x < 3000; x += 0.37f)
        {
            double expected = Math.Pow(x, power);
            float actual = GpuMath.Pow(x, power);
            Assert.True(double.IsNaN(expected)
                ? float.IsNaN(actual)
                : Math.Abs(expected - actual) <= (3e-7 + (1e-7 * Math.Abs(Math.Log(Math.Abs(expected)))))
                    * Math.Abs(expected), $"{x:R}^{power} is {actual:R}, not {expected:R}");
        }
    }

    [Fact]
    public void Pow_HasTheLimitsOfMath()
    {
        foreach ((float x, float power) in ((float, float)[])[(0, 0), (NaN, 0), (Infinity, 0), (0, -1), (0, 0.5f),
            (0, 4), (Infinity, 0.5f), (Infinity, -2), (-2, 5), (-2, 4), (-2, -1), (-2, 0.5f), (-Infinity, 5), (NaN, 2),
            (NaN, 0.5f), (-2, 1e9f), (-0.5f, 1e9f), (1, 123.5f)])
        {
            float expected = MathF.Pow(x, power), actual = GpuMath.Pow(x, power);
            Assert.True(expected.Equals(actual) || Math.Abs(expected - actual) <= 1e-6f * Math.Abs(expected),
                $"{x}^{power} is {actual:R}, not {expected:R}");
        }
    }

    [Fact]
    public void Functions_HaveTheLimitsOfMath()
    {
        AssertValues(GpuMath.Exp, (0, 1), (Infinity, Infinity), (-Infinity, 0), (NaN, NaN), (89, Infinity), (-110, 0));
        AssertValues(GpuMath.Log, (1, 0), (0, -Infinity), (-0f, -Infinity), (-float.Epsilon, NaN), (-Infinity, NaN),
            (Infinity, Infinity), (NaN, NaN), (float.Epsilon, MathF.Log(float.Epsilon)));
        AssertValues(GpuMath.Tanh, (0, 0), (1e-40f, 1e-40f), (Infinity, 1), (-Infinity, -1), (9.5f, 1), (NaN, NaN));
        AssertValues(GpuMath.Sigmoid, (0, 0.5f), (Infinity, 1), (-Infinity, 0), (float.MinValue, 0), (NaN, NaN));
        AssertValues(GpuMath.Sign, (0, 0), (NaN, 0), (3, 1), (-3, -1), (Infinity, 1), (-Infinity, -1));
        AssertValues(GpuMath.Abs, (0, 0), (-0f, 0), (-3, 3), (NaN, NaN), (-Infinity, Infinity));
    }

    [Fact]
    public void AnAccelerator_ComputesTheSame()
    {
        // Normal numbers: devices may flush the others to 0.
        float[] values = [.. Enumerable.Range(0, 4096).Select(i => BitConverter.UInt32BitsToSingle(
            (uint)(((i & 1) << 31) | (0x3A800000 + ((i >> 1) * 31_337))))),
            0, NaN, Infinity, -Infinity, 1, -1];
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            Same(gpu, values, default(ExpFunction));
            Same(gpu, values, default(LogFunction));
            Same(gpu, values, default(TanhFunction));
            Same(gpu, values, default(SigmoidFunction));
            Same(gpu, values, default(PowFunction));
        }
    }

    // A device may fuse a product and a sum: a unit or two of difference.
    private static void Same<TFunction>(GpuDevice gpu, float[] values, TFunction function)
        where TFunction : struct, IGpuFunction
    {
        using Blob x = LayerHarness.BlobOf([values.Length], values), y = new(values.Length);
        GpuMap.Run(gpu, values.Length, x.GpuData(gpu), y.OverwriteGpuData(gpu), function);
        for (int i = 0; i < values.Length; i++)
        {
            float expected = function.Invoke(values[i]), actual = y.Data[i];
            Assert.True(expected.Equals(actual) || Math.Abs(expected - actual) <= 3e-7f * Math.Abs(expected),
                $"{typeof(TFunction).Name} of {values[i]:R} is {actual:R}, not {expected:R}");
        }
    }

    // Every 1009th bit pattern: all exponents, both signs, denormals, NaNs.
    private static void AssertClose(
        Func<float, float> function, Func<double, double> exact, double tolerance = 3e-7)
    {
        double worst = 0;
        float worstAt = 0;
        for (long bits = 0; bits < 1L << 32; bits += 1009)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)bits), y = function(x);
            double wanted = exact(x);
            if (((float)wanted).Equals(y))
                continue;
            // Of denormal numbers a unit is all that can be asked for.
            double error = Math.Abs(wanted - y) / Math.Max(Math.Abs(wanted), 1.17549435e-38);
            if (!(error <= worst))
                (worst, worstAt) = (error, x);
        }

        Assert.True(worst <= tolerance, $"error of {worst} at {worstAt:R}");
    }

    private static void AssertValues(Func<float, float> function, params ReadOnlySpan<(float X, float Y)> points)
    {
        foreach ((float x, float expected) in points)
        {
            float actual = function(x);
            Assert.True(expected.Equals(actual), $"f({x:R}) is {actual:R}, not {expected:R}");
        }
    }

    public readonly struct ExpFunction : IGpuFunction
    {
        public float Invoke(float x) => GpuMath.Exp(x);
    }

    public readonly struct LogFunction : IGpuFunction
    {
        public float Invoke(float x) => GpuMath.Log(x);
    }

    public readonly struct TanhFunction : IGpuFunction
    {
        public float Invoke(float x) => GpuMath.Tanh(x);
    }

    public readonly struct SigmoidFunction : IGpuFunction
    {
        public float Invoke(float x) => GpuMath.Sigmoid(x);
    }

    public readonly struct PowFunction : IGpuFunction
    {
        public float Invoke(float x) => GpuMath.Pow(x, -0.75f);
    }
}
