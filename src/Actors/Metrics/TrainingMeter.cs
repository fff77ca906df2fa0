using System.Diagnostics;
using System.Diagnostics.Metrics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// The meter <c>CaffeActors.Training</c>: what a run measures, as instruments of System.Diagnostics.Metrics that
/// dotnet-counters, OpenTelemetry and our own <c>/metrics</c> read (docs/live.md has the list). A measurement that
/// nobody listens to is a look at a flag; one that somebody listens to allocates nothing in an iteration.
/// </summary>
public static class TrainingMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "CaffeActors.Training";

    private static readonly Meter _meter =
        new(Name, typeof(TrainingMeter).Assembly.GetName().Version?.ToString(3));

    // From a small net's iteration on a GPU to a large one's on a CPU; of a snapshot, from memory to a slow share.
    private static readonly double[] _stepBounds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private static readonly double[] _snapshotBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600];

    private static readonly Histogram<double> _step = Duration(
        "caffeactors.step.duration", "Time of an iteration, tests and waiting for snapshots left out.", _stepBounds);
    private static readonly Histogram<double> _reduceWait = Duration("caffeactors.reduce.wait",
        "Time of an iteration in which the root waited for sums and updates, several devices only.", _stepBounds);
    private static readonly Histogram<double> _snapshot =
        Duration("caffeactors.snapshot.duration", "Time to write a snapshot.", _snapshotBounds);
    private static readonly Gauge<int> _run =
        _meter.CreateGauge<int>("caffeactors.run.info", "1", "1 for a run, which its tags name.");
    private static readonly Counter<long> _samples =
        _meter.CreateCounter<long>("caffeactors.samples", "{sample}", "Images that were trained on.");
    private static readonly Gauge<long> _iteration =
        _meter.CreateGauge<long>("caffeactors.iteration", "{iteration}", "Iterations done.");
    private static readonly Gauge<double> _loss = Value("caffeactors.loss", "1", "The smoothed training loss.");
    private static readonly Gauge<double> _rate = Value("caffeactors.learning_rate", "1", "The learning rate.");
    private static readonly Gauge<double> _output =
        Value("caffeactors.train.output", "1", "What an output of the train net gave last, by its name.");
    private static readonly Gauge<double> _test =
        Value("caffeactors.test.output", "1", "What a test net's output gave last, by net and name.");
    private static readonly Gauge<double> _forward =
        Value("caffeactors.layer.forward", "s", "Mean time of a layer's forward pass.");
    private static readonly Gauge<double> _backward =
        Value("caffeactors.layer.backward", "s", "Mean time of a layer's backward pass.");
    private static readonly Gauge<double> _dataWait =
        Value("caffeactors.data.wait", "s", "Mean time an iteration waited for a data layer.");
    private static readonly Gauge<double> _prefetch =
        Value("caffeactors.prefetch.depth", "{batch}", "Mean batches that stood ready, by data layer.");
    private static readonly Gauge<double> _resident =
        Value("caffeactors.memory.resident", "By", "Memory of the process.");
    private static readonly Gauge<double> _managed =
        Value("caffeactors.memory.managed", "By", "Memory of the managed heap.");

    /// <summary>Whether an iteration's end is worth the reading of a clock.</summary>
    internal static bool StepsAreHeard => _step.Enabled;

    /// <summary>A run begins.</summary>
    internal static void Begin(RunInsight run) => _run.Record(1, new KeyValuePair<string, object?>("run.id", run.RunId),
        new KeyValuePair<string, object?>("run.name", run.Name), new KeyValuePair<string, object?>("net", run.Net));

    /// <summary>An iteration is done. Called on the replica's thread.</summary>
    /// <param name="ticks">How long it took, in <see cref="Stopwatch"/> ticks; 0 where nobody listened when it
    /// began.</param>
    /// <param name="iteration">Iterations done.</param>
    /// <param name="images">Images it took.</param>
    /// <param name="loss">The smoothed loss.</param>
    /// <param name="rate">The learning rate.</param>
    internal static void Step(long ticks, int iteration, int images, double loss, double rate)
    {
        if (ticks > 0)
            _step.Record((double)ticks / Stopwatch.Frequency);
        _samples.Add(images);
        _iteration.Record(iteration);
        _loss.Record(loss);
        _rate.Record(rate);
    }

    /// <summary>What of an iteration the root waited for sums and updates.</summary>
    /// <param name="ticks">In <see cref="Stopwatch"/> ticks.</param>
    internal static void ReduceWait(long ticks) => _reduceWait.Record((double)ticks / Stopwatch.Frequency);

    /// <summary>A snapshot is on disk.</summary>
    /// <param name="time">How long writing took.</param>
    internal static void Snapshot(TimeSpan time) => _snapshot.Record(time.TotalSeconds);

    /// <summary>A row of the run's metrics: tests, layer times, queues and memory come from there.</summary>
    internal static void Row(in MetricRow row)
    {
        if (row.Split == MetricNames.Layer)
        {
            Layer(_forward, row, MetricNames.ForwardPrefix);
            Layer(_backward, row, MetricNames.BackwardPrefix);
        }
        else if (row.Split == MetricNames.System)
        {
            Layer(_dataWait, row, MetricNames.DataWaitPrefix);
            Layer(_prefetch, row, MetricNames.PrefetchDepthPrefix, scale: 1);
            if (row.Name == MetricNames.ResidentBytes)
                _resident.Record(row.Value);
            else if (row.Name == MetricNames.ManagedBytes)
                _managed.Record(row.Value);
        }
        else if (row.Split == MetricNames.Train)
        {
            if (row is { Rank: 0, Name: not ("loss" or "lr" or "images_per_second" or MetricNames.SegmentStart) })
                _output.Record(row.Value, new KeyValuePair<string, object?>("output", row.Name));
        }
        else if (MetricNames.IsTest(row.Split))
        {
            _test.Record(row.Value, new KeyValuePair<string, object?>("net", row.Split),
                new KeyValuePair<string, object?>("output", row.Name));
        }
    }

    private static void Layer(Gauge<double> gauge, in MetricRow row, string prefix, double scale = 1e-3)
    {
        if (gauge.Enabled && row.Name.StartsWith(prefix, StringComparison.Ordinal))
            gauge.Record(row.Value * scale, new KeyValuePair<string, object?>("layer", row.Name[prefix.Length..]));
    }

    private static Histogram<double> Duration(string name, string description, double[] bounds) =>
        _meter.CreateHistogram(name, "s", description, tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private static Gauge<double> Value(string name, string unit, string description) =>
        _meter.CreateGauge<double>(name, unit, description);
}
