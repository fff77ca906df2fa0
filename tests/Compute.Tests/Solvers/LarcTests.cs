using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Solvers;

/// <summary>Layer-wise rates against plain loops in double.</summary>
public sealed class LarcTests : IDisposable
{
    private readonly CpuDevice _device = new(2);

    public void Dispose() => _device.Dispose();

    private static SolverParameter Parameter(string policy, bool turbo = false) => new()
    {
        Type = "SGD",
        LrPolicy = "fixed",
        BaseLr = 0.1f,
        Momentum = 0.5f,
        WeightDecay = 0.01f,
        IterSize = 2,
        Larc = true,
        LarcPolicy = policy,
        LarcEta = 0.2f,
        LarcTurbo = turbo,
    };

    [Theory]
    [InlineData("scale", false, 1)]
    [InlineData("clip", false, 1)]
    [InlineData("scale", true, 1)]
    [InlineData("clip", true, 3)]
    public void Updates_AgreeWithPlainLoops(string policy, bool turbo, float lrMult)
    {
        SolverParameter p = Parameter(policy, turbo);
        const int Count = 40011;
        using Blob blob = LayerHarness.RandomBlob(1, [Count]);
        using var optimizer = new Optimizer(p, [TestDevices.Param(blob, lrMult, 1, "w")], _device);
        double[] w = [.. blob.Data.ToArray().Select(value => (double)value)];
        double[] h = new double[Count];
        double mean = 0;
        for (int iteration = 0; iteration < 4; iteration++)
        {
            using Blob gradient = LayerHarness.RandomBlob(50 + iteration, [Count], -0.5f, 1);
            gradient.Data.CopyTo(blob.MutableDiff);
            optimizer.ApplyUpdate(iteration);

            double[] g = [.. gradient.Data.ToArray().Select(value => (double)value / p.IterSize)];
            double ratio = (1 - p.Momentum) * p.LarcEta * Norm(w) / Norm(g);
            if (turbo)
            {
                double length = Norm(g) * Norm(h);
                double cosine = length > 0 ? g.Zip(h, (a, b) => a * b).Sum() / length : 0;
                mean = (0.95 * mean) + (0.05 * cosine);
                ratio *= 1 - (0.9 * mean);
            }

            double rate = policy == "clip" ? Math.Min(p.BaseLr, ratio) : p.BaseLr * ratio;
            for (int i = 0; i < Count; i++)
            {
                h[i] = (p.Momentum * h[i]) + (rate * (g[i] + (p.WeightDecay * w[i])));
                w[i] -= h[i];
                Assert.Equal(w[i], blob.Data[i], 1e-5);
            }
        }

        Assert.Equal(turbo ? 1 : 0, optimizer.LarcAlignment.Length);
        if (turbo)
            Assert.Equal(mean, optimizer.LarcAlignment[0], 1e-5);

        static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void ZeroNorm_LeavesTheRate(float weight, float gradient)
    {
        SolverParameter p = Parameter("scale");
        (p.WeightDecay, p.IterSize) = (0.5f, 1);
        using Blob blob = LayerHarness.BlobOf([1], weight);
        blob.MutableDiff[0] = gradient;
        using var optimizer = new Optimizer(p, [TestDevices.Param(blob, 1, 1, "w")], _device);
        optimizer.ApplyUpdate(0);
        Assert.Equal(weight - (0.1f * (gradient + (0.5f * weight))), blob.Data[0], 1e-7f);
    }

    [Fact]
    public void LrMult_OnlySwitches()
    {
        SolverParameter p = Parameter("scale");
        float[] results = [.. new[] { 0f, 1, 10 }.Select(lrMult =>
        {
            using Blob blob = LayerHarness.BlobOf([1], 2);
            blob.MutableDiff[0] = 1;
            using var optimizer = new Optimizer(p, [TestDevices.Param(blob, lrMult, 1, "w")], _device);
            optimizer.ApplyUpdate(0);
            return blob.Data[0];
        })];
        Assert.Equal(2, results[0]);
        Assert.NotEqual(2, results[1]);
        Assert.Equal(results[1], results[2]);
    }

    [Fact]
    public void Threads_DoNotMatter()
    {
        Assert.Equal(Run(1), Run(3));

        static float[] Run(int threads)
        {
            using var device = new CpuDevice(threads);
            using Blob blob = LayerHarness.RandomBlob(1, [100_003]);
            LayerHarness.FillRandom(blob.MutableDiff, 2);
            using var optimizer = new Optimizer(
                Parameter("scale", turbo: true), [TestDevices.Param(blob, 1, 1, "w")], device);
            optimizer.ApplyUpdate(0);
            optimizer.ApplyUpdate(1);
            return blob.Data.ToArray();
        }
    }

    [Theory]
    [InlineData("larc_policy 'scaled' is not known; did you mean 'scale'?", "scaled", 0.1f)]
    [InlineData("larc_eta must be > 0, not 0", "clip", 0f)]
    public void BadSettings_AreRefused(string message, string policy, float eta)
    {
        SolverParameter p = Parameter(policy);
        p.LarcEta = eta;
        p.Net = "n";
        p.MaxIter = 1;
        var failure = Assert.Throws<CaffeException>(() => SolverValidation.Check(p));
        Assert.Equal(ErrorCodes.BadSolver, failure.Code);
        Assert.StartsWith(message, failure.Message);
    }
}
