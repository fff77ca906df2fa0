using System.Diagnostics.Metrics;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Tests.Training;
using CaffeActors.Data.Metrics;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Metrics;

/// <summary>The meter tells what the run measures, and an iteration that is listened to allocates nothing.</summary>
public sealed class TrainingMeterTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(string Name, double Value, string Tags)> _heard = [];

    public void Dispose()
    {
        _listener.Dispose();
        _fixture.Dispose();
    }

    private void Listen()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == TrainingMeter.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.Start();
    }

    private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string text = string.Join(',', tags.ToArray().Select(tag => $"{tag.Value}"));
        lock (_lock)
            _heard.Add((instrument.Name, value, text));
    }

    [Fact]
    public async Task Run_TellsWhatItWritesToItsFiles()
    {
        _fixture.WriteSolver("snapshot: 20");
        Listen();
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), await _fixture.RunAsync(_fixture.Plan()));
        // Tests of other classes train at the same time: at least what this run tells is heard.
        (string Name, double Value, string Tags)[] heard;
        lock (_lock)
            heard = [.. _heard];
        Assert.True(heard.Count(said => said is { Name: "caffeactors.step.duration", Value: > 0 }) >= 40);
        Assert.True(heard.Count(said => said is { Name: "caffeactors.samples", Value: 8 }) >= 40);
        Assert.True(heard.Count(said => said is { Name: "caffeactors.snapshot.duration", Value: > 0 }) >= 2);
        IReadOnlyList<MetricRow> rows = MetricReader.Read(Path.Combine(_fixture.RunFolder(), "metrics"));
        foreach (MetricRow row in rows.Where(row => row.Split == "test0"))
            Assert.Contains(("caffeactors.test.output", row.Value, $"test0,{row.Name}"), heard);
        foreach (MetricRow row in rows.Where(row => row is { Split: "train", Name: "loss" }))
            Assert.Contains(("caffeactors.loss", row.Value, ""), heard);
        Assert.Contains(heard, said => said is { Name: "caffeactors.run.info", Value: 1 }
            && said.Tags.EndsWith(",solver,small", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Iteration_AllocatesNothing(bool isHeard)
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == TrainingMeter.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        int count = 0;
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => count++);
        if (isHeard)
            listener.Start();
        SteadyState.AllocatesNothing(static () =>
        {
            TrainingMeter.Step(1000, 5, 64, 0.25, 0.01);
            TrainingMeter.ReduceWait(10);
        });
        Assert.Equal(isHeard, count > 0);
    }
}
