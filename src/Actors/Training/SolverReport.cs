using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Training;

/// <summary>Tells the log, the metrics and whoever watches what a solver does.</summary>
internal sealed class SolverReport
{
    private readonly TrainingRun _run;
    private readonly Action<object> _observers;
    private readonly SolverLog _log;
    private readonly SolverParameter _solver;
    private readonly TrainingWarnings _warnings;
    private long _displayedAt;
    private int _displayed;
    private long _measuredAt;
    private int _measured;
    private long _stepBegan;

    public SolverReport(TrainingRun run, Action<object> observers)
    {
        _run = run;
        _observers = observers;
        _log = new SolverLog(line => run.Log.Info(line));
        _solver = run.Solver;
        _warnings = new TrainingWarnings(run.Replicas.Root, line => run.Log.Warn(line));
    }

    public void Begin()
    {
        _log.Solving(_run.Replicas.Root.Net.Name, _solver.LrPolicy);
        _displayed = _measured = _run.StartIteration;
        _displayedAt = _measuredAt = _run.Time.GetTimestamp();
        if (_run is { WentBack: true, Rollback: { } rollback })
            Row(_run.StartIteration, MetricNames.Train, "rollbacks", rollback.Count);
        Event(RunEventKind.Run, _run.WentBack ? $"Went back to iteration {_run.StartIteration}"
            : _run.StartIteration > 0 ? $"Goes on at iteration {_run.StartIteration}" : "Training begins");
    }

    /// <summary>An iteration begins. Its time is measured only where somebody listens.</summary>
    public void BeginStep() => _stepBegan = TrainingMeter.StepsAreHeard ? Stopwatch.GetTimestamp() : 0;

    public void Step(StepDone done)
    {
        // The loss of an iteration that a new coordinator committed for the one before it is not known.
        float smoothed = float.IsNaN(done.Loss) ? _run.Smoothed.Value : _run.Smoothed.Add(done.Loss);
        TrainingMeter.Step(_stepBegan > 0 ? Stopwatch.GetTimestamp() - _stepBegan : 0, done.Iteration + 1,
            _run.ImagesPerIteration, smoothed, done.Rate);
        _run.Replicas.Optimizer.ObserveLoss(done.Iteration, smoothed);
        Progress(done, smoothed);
        if (_solver.DisplaysAt(done.Iteration))
            Display(done, smoothed);
        int every = _run.Plan.SystemMetricsEvery;
        if (every > 0 && (done.Iteration + 1) % every == 0)
            SystemMetrics(done.Iteration + 1);
    }

    public void Testing(int iteration, int net) => _log.Testing(iteration, net);

    public void Test(int iteration, TestDone test)
    {
        _log.TestResult(test.Outputs, _solver.TestComputeLoss ? test.Loss : null);
        foreach ((string name, double value) in TestMetrics.Of(test, _solver.TestComputeLoss))
            Row(iteration, MetricNames.Test(test.Net), name, value);
        Event(RunEventKind.Test, string.Create(CultureInfo.InvariantCulture, $"Test net {test.Net}: ") + string.Join(
            ", ", TestMetrics.Of(test, _solver.TestComputeLoss)
                .Select(output => $"{output.Name} = {LogNumber.Format(output.Value)}")));
    }

    public void FinalLoss(int iteration, float loss)
    {
        _run.Smoothed.Add(loss);
        _log.FinalLoss(iteration, _run.Smoothed.Value);
    }

    /// <summary>What a training row of an output is called: the smoothed loss has the name <c>loss</c> already, and the
    /// value of an output called so stands beside it.</summary>
    public static string TrainNameOf(string output) => output == "loss" ? "output/loss" : output;

    /// <summary>A snapshot could not be written.</summary>
    /// <param name="iteration">Its iteration.</param>
    /// <param name="failures">Snapshots of this start that failed.</param>
    /// <param name="failure">Why.</param>
    public void SnapshotFailed(int iteration, int failures, CaffeException failure)
    {
        Row(iteration, MetricNames.System, "failed_snapshots", failures);
        Event(RunEventKind.Error, $"Snapshot of iteration {iteration} failed: {failure.Message}");
    }

    /// <summary>Something happened.</summary>
    /// <param name="kind">What.</param>
    /// <param name="text">One line.</param>
    public void Event(RunEventKind kind, string text) =>
        _observers(new RunEvent(_run.Time.GetUtcNow(), _run.Iteration, kind, text));

    private void Display(StepDone done, float smoothed)
    {
        long now = _run.Time.GetTimestamp();
        int since = done.Iteration - _displayed;
        TimeSpan elapsed = _run.Time.GetElapsedTime(_displayedAt, now);
        (_displayed, _displayedAt) = (done.Iteration, now);
        _log.Iteration(done.Iteration, since > 0 ? since : _solver.Display, elapsed, smoothed);
        IReadOnlyList<OutputValue> outputs = NetOutputs.Of(_run.Replicas.Root.LastNet);
        _log.TrainOutputs(outputs);
        _log.Rate(done.Iteration, done.Rate);
        _warnings.Look(done.Iteration, outputs);
        Row(done.Iteration, MetricNames.Train, "loss", smoothed);
        Row(done.Iteration, MetricNames.Train, "lr", done.Rate);
        foreach (OutputValue output in outputs)
        {
            Row(done.Iteration, MetricNames.Train, TrainNameOf(TestMetrics.NameOf(output, outputs)), output.Value);
        }

        ReadOnlySpan<float> losses = _run.Replicas.Losses;
        for (int rank = 0; rank < losses.Length && losses.Length > 1; rank++)
            Row(done.Iteration, MetricNames.Train, MetricNames.ReplicaLoss, losses[rank], rank);

        if (since > 0 && elapsed > TimeSpan.Zero)
        {
            double imagesPerSecond = since / elapsed.TotalSeconds * _run.ImagesPerIteration;
            Row(done.Iteration, MetricNames.Train, "images_per_second", imagesPerSecond);
        }
    }

    private void Progress(StepDone done, float smoothed)
    {
        long now = _run.Time.GetTimestamp();
        TimeSpan elapsed = _run.Time.GetElapsedTime(_measuredAt, now);
        int iterations = done.Iteration + 1 - _measured;
        if (elapsed < TimeSpan.FromMilliseconds(250) && done.Iteration + 1 < _run.MaxIteration)
            return;
        (_measured, _measuredAt) = (done.Iteration + 1, now);
        double perSecond = iterations / elapsed.TotalSeconds;
        double imagesPerSecond = perSecond * _run.ImagesPerIteration;
        TimeSpan left = TimeSpan.FromSeconds((_run.MaxIteration - done.Iteration - 1) / perSecond);
        _observers(new Progress(done.Iteration + 1, _run.MaxIteration, smoothed, done.Rate, imagesPerSecond, left));
    }

    private void SystemMetrics(int step)
    {
        LayerTimes times = _run.Replicas.Root.Times;
        foreach ((string name, double milliseconds) in times.Take())
            Row(step, MetricNames.Layer, name, milliseconds);
        foreach (Compute.Nets.NetLayer layer in _run.Replicas.Root.Net.Layers.Where(
            layer => layer.Layer is CaffeActors.Data.Layers.BatchLayer))
        {
            (double wait, double depth) = times.DataWaits[layer.Rank].Take();
            Row(step, MetricNames.System, MetricNames.DataWaitPrefix + layer.Name, wait);
            Row(step, MetricNames.System, MetricNames.PrefetchDepthPrefix + layer.Name, depth);
        }

        if (_run.Replicas.Replicas.Count > 1 || _run.Replicas.Seat is not null)
            Row(step, MetricNames.System, MetricNames.ReduceWait, _run.Replicas.TakeExposed());
        IReadOnlyList<(double PassMs, double WaitMs, double SentMb)> nodes = _run.Cluster?.Times.Take() ?? [];
        for (int rank = 0; rank < nodes.Count; rank++)
        {
            Row(step, MetricNames.System, MetricNames.NodePass, nodes[rank].PassMs, rank);
            Row(step, MetricNames.System, MetricNames.NodeWait, nodes[rank].WaitMs, rank);
            Row(step, MetricNames.System, MetricNames.NodeSent, nodes[rank].SentMb, rank);
        }

        Row(step, MetricNames.System, MetricNames.ResidentBytes, Environment.WorkingSet);
        Row(step, MetricNames.System, MetricNames.ManagedBytes, GC.GetTotalMemory(forceFullCollection: false));
    }

    private void Row(int step, string split, string name, double value, int rank = 0)
    {
        _run.EarlyStopping?.Observe(split, name, value);
        _observers(new MetricRow(
            step, _run.EpochAt(step), split, name, value, _run.Time.GetUtcNow(), rank, _run.Segment));
    }
}
