using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Layers of one net on several devices, and batches that go through them in parts.</summary>
public sealed class PlacementTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private static DeviceId Cpu(int number) => new(DeviceId.Cpu, number);

    private RunPlan Placed(int devices, int parts, string runs, PlanOptions? options = null) =>
        _fixture.Plan(options, runs) with
        {
            Parallel = new ParallelSettings
            {
                Devices = [Cpu(0)],
                MicroBatches = parts,
                Placement = [.. new PlacementRule[]
                {
                    new("ip*", Cpu(1)), new("l?ss", Cpu(2)), new("drop", Cpu(1)), new("accuracy", Cpu(2)),
                }.Where(rule => rule.Device.Number < devices)],
            },
        };

    private string Bits(string runs, int iteration = 40)
    {
        (byte[] model, byte[] state) = _fixture.Snapshot(iteration, runs);
        return Convert.ToHexString(model) + Convert.ToHexString(state);
    }

    [Fact]
    public async Task PlacedLayers_GiveTheSameBits()
    {
        await _fixture.RunAsync(_fixture.Plan(runs: "whole"));
        await _fixture.RunAsync(Placed(3, 1, "placed"));
        Assert.Equal(Bits("whole"), Bits("placed"));
        Assert.Equal(_fixture.Metrics("whole"), _fixture.Metrics("placed"));
        Assert.Contains("Devices: cpu:0 (1 thread), cpu:1 (1 thread), cpu:2 (1 thread)", _fixture.Log.ToString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 4)]
    [InlineData(3, 8)]
    [InlineData(3, 4)]
    public async Task OverlappingParts_GiveTheBitsOfPartsInTurn(int devices, int parts)
    {
        await _fixture.RunAsync(Placed(1, parts, "turn"));
        for (int run = 0; run < 3; run++)
        {
            await _fixture.RunAsync(Placed(devices, parts, $"overlap{run}"));
            Assert.Equal(Bits("turn"), Bits($"overlap{run}"));
            Assert.Equal(_fixture.Metrics("turn"), _fixture.Metrics($"overlap{run}"));
        }
    }

    [Fact]
    public async Task Parts_AreAnIterSizeOfSmallerBatches()
    {
        string net = _fixture.At("net.prototxt");
        string text = File.ReadAllText(net);
        text = text.Replace("dropout_param", "", StringComparison.Ordinal)
            .Replace("type: \"Dropout\"", "type: \"ReLU\"", StringComparison.Ordinal);
        File.WriteAllText(net, text);
        await _fixture.RunAsync(Placed(2, 4, "parts"));
        File.WriteAllText(net, text.Replace("8 backend: LMDB", "2 backend: LMDB", StringComparison.Ordinal));
        _fixture.WriteSolver("iter_size: 4");
        await _fixture.RunAsync(_fixture.Plan(runs: "iter"));
        Assert.Equal(_fixture.Snapshot(40, "iter").Model, _fixture.Snapshot(40, "parts").Model);
    }

    [Fact]
    public async Task CutRun_EqualsTheUncutOne()
    {
        await _fixture.RunAsync(Placed(2, 4, "uncut"));
        _fixture.WriteSolver("snapshot: 13");
        await _fixture.RunAsync(Placed(2, 4, "cut", new PlanOptions { MaxIter = 15 }));
        foreach (string file in Directory.GetFiles(Path.Combine(_fixture.RunFolder("cut"), "snapshots"), "*_15.*"))
            File.Delete(file);
        _fixture.WriteSolver("");
        await _fixture.RunAsync(Placed(2, 4, "cut") with { Resume = ResumeMode.Auto });
        Assert.Equal(Bits("uncut"), Bits("cut"));
    }

    [Fact]
    public async Task FailureInAPart_EndsTheRunAndNamesTheLayer()
    {
        _fixture.AddHook("TRAIN");
        RunOutcome outcome = await _fixture.RunAsync(Placed(2, 4, "runs") with
        {
            Extensions = new Dictionary<string, object>
            {
                ["data"] = new DataExtension(Shuffle: true),
                ["hook"] = (Action<int>)(pass => _ = pass == 5 ? throw new InvalidOperationException("of a fault") : 0),
            },
        });
        Assert.Equal(RunEnd.Failed, outcome.End);
        Assert.Matches("'hook'.*of a fault.*iteration", outcome.Failure!.Message);
    }

    [Theory]
    [InlineData(3, false, 1, "cannot be cut into 3 equal micro-batches")]
    [InlineData(2, true, 1, "both cut the batch")]
    [InlineData(1, false, 2, "parallel.devices must name one")]
    public async Task WhatDoesNotFit_IsRefused(int parts, bool reproducible, int devices, string message)
    {
        RunPlan plan = Placed(2, parts, "runs");
        plan = plan with
        {
            Parallel = plan.Parallel with
            {
                Reproducible = reproducible,
                Devices = [.. Enumerable.Range(0, devices).Select(Cpu)],
            },
        };
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(plan));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 4, 1)]
    [InlineData(2, 4, 2)]
    [InlineData(3, 4, 4)]
    [InlineData(2, 3, 3)]
    [InlineData(4, 6, 6)]
    [InlineData(8, 2, 2)]
    public void Slots_AreADivisorOfThePartsAndNoFewerThanTheDevices(int devices, int parts, int slots) =>
        Assert.Equal(slots, Pipeline.SlotsFor(devices, parts));
}
