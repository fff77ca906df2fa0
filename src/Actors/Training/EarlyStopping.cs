using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Training;

/// <summary>Watches a metric, and says when it has not become better for long enough. A value that is no number is no
/// better.</summary>
/// <param name="settings">Which metric, and how long.</param>
internal sealed class EarlyStopping(EarlyStoppingSettings settings)
{
    /// <summary>How it stands.</summary>
    public EarlyStoppingState State { get; set; } = new(null, 0);

    /// <summary>Whether the run is to end.</summary>
    public bool IsDue => State.Since >= settings.Patience;

    /// <summary>Why, in words.</summary>
    public string Reason =>
        $"{settings.Goal.Metric} was no better than {LogNumber.Format(State.Best ?? double.NaN)} for {State.Since} "
        + "measurement(s) in a row";

    /// <summary>Takes a measurement, of whatever metric.</summary>
    /// <param name="split">Its split.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public void Observe(string split, string name, double value)
    {
        if (split == settings.Split && name == settings.Name)
            State = IsBetter(value) ? new EarlyStoppingState(value, 0) : State with { Since = State.Since + 1 };
    }

    /// <summary>Refuses a metric that a run does not measure.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="solver">The run's solver.</param>
    /// <param name="train">The train net.</param>
    /// <param name="tests">The test nets.</param>
    /// <exception cref="CaffeException">It does not.</exception>
    public static void RequireMeasured(
        EarlyStoppingSettings settings, SolverParameter solver, Net train, IReadOnlyList<TestNet> tests)
    {
        List<string> known = [];
        if (solver.Display > 0)
        {
            known.AddRange(TestMetrics.OutputNames(train).Select(SolverReport.TrainNameOf).Prepend("loss")
                .Select(name => $"{MetricNames.Train}/{name}"));
        }

        if (solver.TestInterval > 0)
            known.AddRange(TestMetrics.Names(tests, solver.TestComputeLoss));
        if (!known.Contains(settings.Goal.Metric))
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                $"train.early-stopping.metric is '{settings.Goal.Metric}', which this run does not measure; it "
                + "measures " + string.Join(", ", known));
        }
    }

    private bool IsBetter(double value)
    {
        if (!double.IsFinite(value) || State.Best is not { } best)
            return double.IsFinite(value);
        return settings.Goal.IsBetter(
            value, settings.Goal.Mode == MetricMode.Max ? best + settings.MinDelta : best - settings.MinDelta);
    }
}
