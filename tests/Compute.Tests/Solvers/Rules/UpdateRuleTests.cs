using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers.Rules;

/// <summary>What each rule must pass: its file brings settings and the formula on one number in double.</summary>
public abstract class UpdateRuleTests
{
    // Of one thread: it keeps no state between calls, and samples run side by side.
    private static readonly CpuDevice _device = new(1);

    /// <summary>The rule's type string.</summary>
    protected abstract string Type { get; }

    /// <summary>Blocks of history.</summary>
    protected virtual int HistoryBlocks => 1;

    /// <summary>Settings that suit the rule, drawn at random.</summary>
    protected abstract Gen<SolverParameter> Settings { get; }

    /// <summary>The rule on one number: updates the history and returns Δ.</summary>
    protected abstract double Step(
        SolverParameter p, double g, double rate, int iteration, ref double h, ref double h2);

    /// <summary>A message of the rule's type.</summary>
    protected SolverParameter Parameter(float momentum = 0) =>
        new() { Type = Type, LrPolicy = "fixed", BaseLr = 0.1f, Momentum = momentum };

    /// <summary>The message of a refusal of settings.</summary>
    protected static string Refusal(SolverParameter parameter)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => UpdateRule.Create(parameter));
        Assert.Equal(ErrorCodes.BadSolver, failure.Code);
        return failure.Message;
    }

    [Fact]
    public void Create_FindsTheRule() => Assert.Equal(HistoryBlocks, UpdateRule.Create(Parameter()).HistoryBlocks);

    [Fact]
    public void Updates_AgreeWithTheFormulaInDouble()
    {
        var gen = Gen.Select(
            Settings, Gen.Int[1, 100], Gen.Int[1, 4], Gen.Float[0, 0.01f], Gen.Bool,
            Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 1000]));
        gen.Sample((settings, count, iterSize, decay, l1, rest) =>
        {
            (int lrMult, int decayMult, int firstIteration) = rest;
            SolverParameter p = settings.Clone();
            (p.Type, p.LrPolicy, p.IterSize, p.WeightDecay) = (Type, "fixed", iterSize, decay);
            p.RegularizationType = l1 ? "L1" : "L2";
            using Blob blob = LayerHarness.RandomBlob(count, [count]);
            using var optimizer = new Optimizer(p, [TestDevices.Param(blob, lrMult, decayMult, "blob")], _device);
            double[] w = [.. blob.Data.ToArray().Select(value => (double)value)];
            double[] h = new double[count], h2 = new double[count];
            for (int iteration = 0; iteration < 3; iteration++)
            {
                using Blob gradient = LayerHarness.RandomBlob(1000 + iteration, [count]);
                gradient.Data.CopyTo(blob.MutableDiff);
                optimizer.ApplyUpdate(firstIteration + iteration);
                for (int i = 0; i < count; i++)
                {
                    double g = (double)gradient.Data[i] / iterSize;
                    g += (double)decay * decayMult * (l1 ? Math.Sign(w[i]) : w[i]);
                    double rate = (double)p.BaseLr * lrMult;
                    double delta = Step(p, g, rate, firstIteration + iteration, ref h[i], ref h2[i]);
                    w[i] -= delta;
                    AssertClose(delta, blob.Diff[i]);
                    AssertClose(w[i], blob.Data[i]);
                    AssertClose(h[i], optimizer.History[0].Data[i]);
                    if (HistoryBlocks > 1)
                        AssertClose(h2[i], optimizer.History[1].Data[i]);
                }
            }
        }, iter: 200, threads: TestDevices.Gpu is null ? -1 : 1);
    }

    [Fact]
    public void Updates_HaveTheSameBitsForAnyNumberOfThreads()
    {
        // More than one block, and a tail in the last.
        const int Count = (3 * CpuDevice.Grain) + 21;
        float[][] results = [.. ((int[])[1, 2, 5]).Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using Blob blob = LayerHarness.RandomBlob(5, [Count]);
            SolverParameter p = Parameter();
            p.WeightDecay = 0.01f;
            using var optimizer = new Optimizer(p, [TestDevices.Param(blob, 1, 1, "blob")], device);
            for (int iteration = 0; iteration < 2; iteration++)
            {
                using Blob gradient = LayerHarness.RandomBlob(iteration, [Count]);
                gradient.Data.CopyTo(blob.MutableDiff);
                optimizer.ApplyUpdate(iteration);
            }

            return (float[])[.. blob.Data, .. blob.Diff, .. optimizer.History[^1].Data];
        })];
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void Updates_OfOneElementDoNotDependOnItsPlace()
    {
        // The same element in a whole register and in every place of a tail gets the same bits.
        for (int count = 1; count <= 33; count++)
        {
            using var blob = new Blob(count);
            blob.MutableData.Fill(0.7f);
            SolverParameter p = Parameter();
            p.WeightDecay = 0.01f;
            using var optimizer = new Optimizer(p, [TestDevices.Param(blob, 1, 1, "blob")], _device);
            for (int iteration = 0; iteration < 3; iteration++)
            {
                blob.MutableDiff.Fill(0.3f - (iteration * 0.11f));
                optimizer.ApplyUpdate(iteration);
            }

            Assert.All(blob.Data.ToArray(), value => Assert.Equal(blob.Data[0], value));
            using var alone = new Blob(16);
            alone.MutableData.Fill(0.7f);
            using var other = new Optimizer(p, [TestDevices.Param(alone, 1, 1, "alone")], _device);
            for (int iteration = 0; iteration < 3; iteration++)
            {
                alone.MutableDiff.Fill(0.3f - (iteration * 0.11f));
                other.ApplyUpdate(iteration);
            }

            Assert.Equal(alone.Data[0], blob.Data[0]);
        }
    }

    private static void AssertClose(double expected, float actual) =>
        Assert.True(Math.Abs(expected - actual) <= 2e-5 * Math.Max(1, Math.Abs(expected)), $"{expected} and {actual}");
}
