using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Reduction;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Compute.Tests.Reduction;

public sealed unsafe class HalfSumTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public void Dispose() => _device.Dispose();

    private (float[] Came, float[] Residual, float[] Source) Round(float[] source, float[] residual, bool keep)
    {
        float[] came = new float[source.Length];
        ushort[] halves = new ushort[source.Length];
        (source, residual) = ([.. source], [.. residual]);
        fixed (float* s = source, r = residual, c = came)
        fixed (ushort* h = halves)
        {
            HalfSum.Round(_device, s, r, h, source.Length, keep);
            HalfSum.Expand(_device, c, h, source.Length);
        }

        return (came, residual, source);
    }

    [Fact]
    public void Rounding_LosesNothing() => Gen.Select(
        Gen.Single[-1e4f, 1e4f].Array[0, 50], Gen.Bool, Gen.Int[0, 12]).Sample((source, keep, shift) =>
    {
        float[] scaled = [.. source.Select(value => value / (1 << shift))];
        float[] before = [.. scaled.Select(value => value * 1e-4f)];
        (float[] came, float[] residual, float[] after) = Round(scaled, before, keep);
        for (int i = 0; i < source.Length; i++)
        {
            float wanted = scaled[i] + before[i];
            Assert.Equal((float)(Half)wanted, came[i]);
            Assert.Equal(wanted - came[i], residual[i]);
            Assert.Equal(keep ? came[i] : scaled[i], after[i]);
        }
    });

    [Fact]
    public void WhatIsTooLarge_GoesInSeveralIterations()
    {
        (float[] came, float[] residual, _) = Round([100_000, -70_000], [0, 0], keep: false);
        Assert.Equal([65504, -65504], came);
        (came, residual, _) = Round([0, 0], residual, keep: false);
        Assert.Equal([34496, -4496], came);
        Assert.Equal([0, 0], residual);
    }

    [Fact]
    public void WhatIsNoNumber_StaysSo()
    {
        (float[] came, float[] residual, _) =
            Round([float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1], [0, 0, 0, 0], keep: false);
        Assert.Equal([float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1], came);
        Assert.Equal([0, 0, 0, 0], residual);
    }

    [Fact]
    public void SmallGradients_AreNotLost()
    {
        // Below the least fp16 value: it takes several iterations for one to go, and their sum is right.
        float[] residual = [0];
        float sum = 0;
        for (int i = 0; i < 1000; i++)
        {
            (float[] came, residual, _) = Round([1e-9f], residual, keep: false);
            sum += came[0];
        }

        Assert.Equal(1e-6f, sum, 6e-8f);
    }

    [Fact]
    public void Sums_AreAddedExpanded()
    {
        using var memory = new Blob(100_000);
        ushort[] halves = new ushort[memory.Count];
        for (int i = 0; i < halves.Length; i++)
        {
            halves[i] = BitConverter.HalfToUInt16Bits((Half)(i % 1000));
            memory.MutableData[i] = 0.25f;
        }

        fixed (ushort* h = halves)
        {
            ushort* source = h;
            SteadyState.AllocatesNothing(() => HalfSum.Add(_device, memory.MutableCpuData, source, memory.Count));
        }

        float calls = (memory.Data[1] - 0.25f) / 1;
        Assert.True(calls >= 1);
        for (int i = 0; i < memory.Count; i++)
            Assert.Equal(0.25f + (calls * (i % 1000)), memory.Data[i]);
    }
}
