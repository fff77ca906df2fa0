using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Live.History;

namespace CaffeActors.Live;

/// <summary>What <c>/api/state</c> answers. What is no finite number is null.</summary>
internal sealed record LiveState
{
    /// <summary>starting, running, ending, finished, stopped or failed.</summary>
    public required string State { get; init; }

    /// <summary>Whether nothing more comes.</summary>
    public bool IsOver => State is "finished" or "stopped" or "failed";

    /// <summary>What the run is; null before it has begun.</summary>
    public LiveIdentity? Run { get; init; }

    /// <summary>Where it stands; null before its first iteration.</summary>
    public LiveProgress? Progress { get; init; }

    /// <summary>The greatest number of a point, to ask with for what is newer.</summary>
    public long Newest { get; init; }

    /// <summary>The curves that have new points.</summary>
    public required IReadOnlyList<LiveCurveState> Curves { get; init; }

    /// <summary>The layers' times in the order of the net.</summary>
    public required IReadOnlyList<LiveLayer> Layers { get; init; }

    /// <summary>Where the actors stand.</summary>
    public required IReadOnlyList<LiveActor> Actors { get; init; }

    /// <summary>What the process takes of the machine.</summary>
    public required LiveProcess Process { get; init; }

    /// <summary>The greatest number of an event, to ask with for what is newer.</summary>
    public long NewestEvent { get; init; }

    /// <summary>The new events, oldest first.</summary>
    public required IReadOnlyList<LiveEvent> Events { get; init; }
}

/// <summary>What a run is.</summary>
internal sealed record LiveIdentity(
    string Id, string Name, string Config, string Net, string Solver, IReadOnlyList<string> Devices, string Seed,
    int Segment, int StartIteration, int ImagesPerIteration, DateTimeOffset Began)
{
    public static LiveIdentity Of(RunInsight run, DateTimeOffset began) => new(
        run.RunId, run.Name, run.ConfigPath, run.Net, run.SolverType, run.Devices,
        run.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture), run.Segment, run.StartIteration,
        run.ImagesPerIteration, began);
}

/// <summary>Where a run stands.</summary>
internal sealed record LiveProgress(
    int Iteration, int MaxIteration, double? Loss, double? Rate, double? ImagesPerSecond, double? SecondsLeft,
    double? Epoch)
{
    public static LiveProgress Of(Progress progress, RunInsight? run) => new(
        progress.Iteration, progress.MaxIteration, LiveCurveState.Finite(progress.Loss),
        LiveCurveState.Finite(progress.Rate), LiveCurveState.Finite(progress.ImagesPerSecond),
        progress.Left.TotalSeconds, run?.Epoch);
}

/// <summary>The new points of a curve.</summary>
internal sealed record LiveCurveState(
    string Split, string Name, int Rank, int Chart, string Label, bool Whole, IReadOnlyList<double> Steps,
    IReadOnlyList<double> Seconds, IReadOnlyList<double?> Values)
{
    public static LiveCurveState? Of(LiveCurve curve, long seen)
    {
        (Analysis.Charts.MetricCurve points, bool whole) = curve.After(seen);
        if (points.Values.Count == 0)
            return null;
        (int chart, string label) = LiveCharts.Of(curve.Split, curve.Name, curve.Rank);
        return new LiveCurveState(curve.Split, curve.Name, curve.Rank, chart, label, whole, points.Steps,
            points.Seconds, [.. points.Values.Select(Finite)]);
    }

    public static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>Where an actor stands.</summary>
internal sealed record LiveActor(string Name, string Doing, double Seconds, int Messages, string Note)
{
    public static LiveActor Of(ActorState state) =>
        new(state.Name, state.Doing, state.For.TotalSeconds, state.Messages, state.Note);
}

/// <summary>What the process takes of the machine.</summary>
internal sealed record LiveProcess(long ResidentBytes, long ManagedBytes, double CoresBusy, int Cores);

/// <summary>Something that happened.</summary>
internal sealed record LiveEvent(DateTimeOffset Time, int Iteration, string Kind, string Text)
{
    public static LiveEvent Of(RunEvent what) =>
        new(what.Time, what.Iteration, what.Kind.ToString().ToLowerInvariant(), what.Text);
}
