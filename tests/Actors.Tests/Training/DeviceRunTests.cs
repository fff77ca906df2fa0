using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Runs on the devices of <c>CAFFEACTORS_TEST_DEVICE</c>, as many as there are of the kind.</summary>
public sealed class DeviceRunTests : IDisposable
{
    private const float Tolerance = 1e-3f;

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Replicas_TrainAsOnCpus(int replicas)
    {
        _fixture.WriteSolver("test_initialization: false");
        if (TestDevices.Gpu is not null)
            replicas = Math.Min(replicas, GpuPlatform.Count);
        string kind = TestDevices.Gpu is null ? DeviceId.Cpu : DeviceId.Gpu;
        Dictionary<string, float[]> there = await TrainAsync(kind, replicas, "there");
        Dictionary<string, float[]> here = await TrainAsync(DeviceId.Cpu, replicas, "here");
        Assert.Equal(here.Keys, there.Keys);
        foreach ((string name, float[] expected) in here)
        {
            float largest = expected.Max(Math.Abs);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(Math.Abs(expected[i] - there[name][i]) <= Tolerance * largest,
                    $"{name}[{i}]: {there[name][i]}, the CPU has {expected[i]}");
            }
        }
    }

    [Fact]
    public async Task TheSameRun_GivesTheSameBits()
    {
        string kind = TestDevices.Gpu is null ? DeviceId.Cpu : DeviceId.Gpu;
        Dictionary<string, float[]> first = await TrainAsync(kind, 1, "first");
        Dictionary<string, float[]> second = await TrainAsync(kind, 1, "second");
        Assert.Equal(first.SelectMany(blob => blob.Value), second.SelectMany(blob => blob.Value));
    }

    // The parameters after ten iterations.
    private async Task<Dictionary<string, float[]>> TrainAsync(string kind, int replicas, string runs)
    {
        RunPlan plan = _fixture.Plan(new PlanOptions
        {
            MaxIter = 10,
            Devices = [.. Enumerable.Range(0, replicas).Select(i => new DeviceId(kind, i))],
        }, runs);
        RunOutcome outcome = await _fixture.RunAsync(plan);
        Assert.True(outcome.End == RunEnd.Finished, outcome.Failure?.Message);
        string folder = Directory.GetDirectories(_fixture.At(runs), "run_id=*").Single();
        Dictionary<string, float[]> values = [];
        foreach (LayerParameter layer in WeightsFile.Read(
            Path.Combine(folder, "snapshots", "snap_iter_10.caffemodel")).Layer)
        {
            for (int i = 0; i < layer.Blobs.Count; i++)
            {
                using var blob = new Blob();
                blob.FromProto(layer.Blobs[i]);
                values.Add($"{layer.Name}/{i}", blob.Data.ToArray());
            }
        }

        return values;
    }
}
