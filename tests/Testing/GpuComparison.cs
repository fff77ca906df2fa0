using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using Xunit;

namespace CaffeActors.Testing;

/// <summary>
/// Compares a layer's GPU path with its CPU path: the same layer on each, the same bottoms and gradients, and two
/// passes, so that tops, the bottoms' diffs, and the data and diffs of the learnable blobs and of the carried state
/// must agree. The second pass may copy nothing to the accelerator and only losses to the host. It runs on the tests'
/// accelerator, or, where there is none, on a simulation: some 10 ms for each 1000 threads of a launch.
/// </summary>
public sealed class GpuComparison
{
    /// <summary>Number of tops. Default 1.</summary>
    public int Tops { get; init; } = 1;

    /// <summary>Whether top 0 is bottom 0. Default false.</summary>
    public bool InPlace { get; init; }

    /// <summary>Which bottoms' gradients are asked for. Default: all.</summary>
    public bool[]? Propagate { get; init; }

    /// <summary>Whether there is a backward pass. Default true.</summary>
    public bool Backward { get; init; } = true;

    /// <summary>Greatest difference allowed, relative to the blob's greatest finite value. Default 1e-5.</summary>
    public float Tolerance { get; init; } = 1e-5f;

    /// <summary>How the accelerator keeps bottoms and tops; 16-bit forms ask for another <see cref="Tolerance"/>.
    /// Default Float32.</summary>
    public StorageType Storage { get; init; }

    /// <summary>Copies to the host that the second pass may make beside the losses. Default 0.</summary>
    public int HostReads { get; init; }

    /// <summary>Runs both paths and compares.</summary>
    /// <param name="parameter">The layer.</param>
    /// <param name="bottoms">Makes the bottoms with their data, the same each time.</param>
    /// <param name="prepare">Called for each of the two layers once it is set up.</param>
    public void Check(LayerParameter parameter, Func<Blob[]> bottoms, Action<LayerHarness>? prepare = null)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            using var expected = new LayerHarness(parameter, bottoms(), Tops, InPlace, device: null);
            using var actual = new LayerHarness(parameter, StoredAs(bottoms()), Tops, InPlace, device: gpu);
            Assert.True(actual.Layer.Gpu is not null, $"{parameter.Type} has no GPU path as it is set here");
            foreach (Blob top in actual.Top.Except(actual.Bottom).Where((_, i) => actual.Layer.LossWeight(i) == 0))
                (top.DataStorage, top.DiffStorage) = (Storage, Storage);
            prepare?.Invoke(expected);
            prepare?.Invoke(actual);
            float[][] data = [.. expected.Bottom.Select(blob => blob.Data.ToArray())];
            for (int pass = 1; pass <= 2; pass++)
            {
                Pass(expected, data, null);
                GpuTransfers spent = Pass(actual, data, gpu);
                Compare(expected, actual, pass);
                int losses = actual.Top.Where((_, i) => actual.Layer.LossWeight(i) != 0).Count();
                if (pass == 1)
                    continue;
                Assert.True(spent.ToDevice == 0, $"{parameter.Type} copied {spent.BytesToDevice} bytes to the device");
                Assert.True(spent.ToHost <= losses + HostReads,
                    $"{parameter.Type} copied {spent.BytesToHost} bytes to the host, {spent.ToHost} times");
            }
        }
    }

    private Blob[] StoredAs(Blob[] blobs)
    {
        if (Storage == StorageType.Float32)
            return blobs;
        return [.. blobs.Select(blob =>
        {
            var stored = new Blob { DataStorage = Storage, DiffStorage = Storage };
            stored.CopyDataFrom(blob);
            blob.Dispose();
            return stored;
        })];
    }

    // Returns what the two passes themselves copied.
    private GpuTransfers Pass(LayerHarness harness, float[][] data, GpuDevice? gpu)
    {
        for (int i = 0; i < data.Length; i++)
        {
            data[i].CopyTo(harness.Bottom[i].MutableData);
            if (gpu is not null)
                harness.Bottom[i].GpuData(gpu);
        }

        GpuTransfers start = gpu?.Transfers ?? default;
        harness.Forward();
        GpuTransfers spent = Since(start, gpu);
        if (!Backward)
            return spent;

        // Parameters' gradients are added to what is there; the bottoms' overwrite it.
        foreach (Blob blob in harness.Layer.Blobs)
            blob.MutableDiff.Fill(0.5f);
        foreach (Blob blob in harness.Bottom)
            blob.MutableDiff.Fill(float.NaN);
        for (int i = 0; i < harness.Top.Length; i++)
        {
            if (harness.Layer.LossWeight(i) == 0)
                LayerHarness.FillRandom(harness.Top[i].MutableDiff, 100 + i);
        }

        if (gpu is not null)
        {
            foreach (Blob blob in harness.Layer.Blobs.Concat(harness.Bottom).Concat(harness.Top))
                blob.GpuDiff(gpu);
        }

        start = gpu?.Transfers ?? default;
        harness.Backward(Propagate ?? []);
        GpuTransfers back = Since(start, gpu);
        return back with
        {
            ToDevice = spent.ToDevice + back.ToDevice,
            BytesToDevice = spent.BytesToDevice + back.BytesToDevice,
            ToHost = spent.ToHost + back.ToHost,
            BytesToHost = spent.BytesToHost + back.BytesToHost,
        };
    }

    private static GpuTransfers Since(GpuTransfers start, GpuDevice? gpu)
    {
        GpuTransfers now = gpu?.Transfers ?? default;
        return now.Since(start);
    }

    private void Compare(LayerHarness expected, LayerHarness actual, int pass)
    {
        for (int i = 0; i < expected.Top.Length; i++)
        {
            Assert.Equal(expected.Top[i].Shape.ToArray(), actual.Top[i].Shape.ToArray());
            Same(expected.Top[i].Data, actual.Top[i].Data, $"top {i}");
        }

        for (int i = 0; i < expected.Layer.Blobs.Count; i++)
        {
            Same(expected.Layer.Blobs[i].Data, actual.Layer.Blobs[i].Data, $"blob {i}");
            Same(expected.Layer.Blobs[i].Diff, actual.Layer.Blobs[i].Diff, $"diff of blob {i}");
        }

        foreach ((string name, Blob carried) in expected.Layer.CarriedState)
            Same(carried.Data, actual.Layer.CarriedState[name].Data, name);
        for (int i = 0; Backward && i < expected.Bottom.Length; i++)
            Same(expected.Bottom[i].Diff, actual.Bottom[i].Diff, $"diff of bottom {i}");

        void Same(ReadOnlySpan<float> cpu, ReadOnlySpan<float> gpu, string what)
        {
            float greatest = 0;
            foreach (float value in cpu)
                greatest = float.IsFinite(value) ? Math.Max(greatest, Math.Abs(value)) : greatest;
            for (int i = 0; i < cpu.Length; i++)
            {
                bool same = float.IsFinite(cpu[i])
                    ? Math.Abs(cpu[i] - gpu[i]) <= Tolerance * greatest
                    : cpu[i].Equals(gpu[i]);
                Assert.True(same, $"{expected.Layer.Type}, pass {pass}, {what}, element {i} of {cpu.Length}: the CPU "
                    + $"gives {cpu[i]}, {gpu[i]} came from the GPU; the greatest is {greatest}");
            }
        }
    }
}
