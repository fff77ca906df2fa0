using Akka.Actor;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Messages;

/// <summary>To a replica: do one iteration, forward, backward and update.</summary>
/// <param name="Iteration">Updates done so far.</param>
/// <param name="Debug">Whether the net tells the mean absolute values of all blobs (debug_info at a display).</param>
/// <param name="Scan">Whether all blobs are looked at, whether they are finite (at a display).</param>
internal sealed record Step(int Iteration, bool Debug = false, bool Scan = false);

/// <summary>From a replica: the iteration is done.</summary>
/// <param name="Iteration">Updates done before it.</param>
/// <param name="Loss">Mean of its passes' losses.</param>
/// <param name="Rate">The learning rate of the update; 0 of a replica that makes none.</param>
/// <param name="Rank">Which replica.</param>
internal sealed record StepDone(int Iteration, float Loss, float Rate, int Rank = 0);

/// <summary>To a replica: find out where the numbers of your last pass went wrong, once your parameters are
/// there.</summary>
internal sealed record Examine
{
    public static readonly Examine Instance = new();
}

/// <summary>From a replica: what it found.</summary>
/// <param name="Rank">Which replica.</param>
/// <param name="Fault">The first value that is not finite; null where all are.</param>
/// <param name="Records">Its batch, in words.</param>
/// <param name="Pass">The pass.</param>
internal sealed record Examined(int Rank, PassFault? Fault, string Records, FailedPass Pass);

/// <summary>To a replica: one forward pass without an update, for the loss at the end of a run.</summary>
internal sealed record MeasureLoss
{
    public static readonly MeasureLoss Instance = new();
}

/// <summary>From a replica: the loss asked for.</summary>
/// <param name="Loss">The loss.</param>
internal sealed record LossMeasured(float Loss);

/// <summary>To an evaluator: run a test net.</summary>
/// <param name="Net">Its number.</param>
/// <param name="Iteration">Updates done so far.</param>
internal sealed record RunTest(int Net, int Iteration);

/// <summary>From an evaluator: a test net is done.</summary>
/// <param name="Net">Its number.</param>
/// <param name="Loss">Mean weighted loss.</param>
/// <param name="Outputs">For each output element, in order: name, mean, loss weight.</param>
internal sealed record TestDone(int Net, float Loss, IReadOnlyList<OutputValue> Outputs);

/// <summary>From an evaluator: a stop was asked for, and the test was given up.</summary>
internal sealed record TestInterrupted
{
    public static readonly TestInterrupted Instance = new();
}

/// <summary>To a solver: begin, or go on from where the run was restored to.</summary>
internal sealed record Begin
{
    public static readonly Begin Instance = new();
}

/// <summary>What a signal, a file or a limit asks a run to do.</summary>
public enum RunRequest
{
    /// <summary>Write a snapshot and go on.</summary>
    Snapshot,

    /// <summary>Finish the iteration, write a snapshot if the solver wants one after training, and end.</summary>
    Stop,

    /// <summary>Finish the iteration, write a snapshot whatever the solver says, and end.</summary>
    StopWithSnapshot,
}

/// <summary>From a solver: what was asked for is done. (That a run has stopped is seen by its end.)</summary>
/// <param name="Request">The request.</param>
internal sealed record RequestDone(RunRequest Request);

/// <summary>How a run ended.</summary>
public enum RunEnd
{
    /// <summary>All iterations are done.</summary>
    Finished,

    /// <summary>It was asked to stop; it can be resumed.</summary>
    Stopped,

    /// <summary>It could not go on.</summary>
    Failed,

    /// <summary>The nodes of a cluster form anew, and it goes on with others: never how a whole run ends.</summary>
    Regrouped,
}

/// <summary>From a solver: the run is over.</summary>
/// <param name="End">How.</param>
/// <param name="Iteration">Updates done.</param>
/// <param name="Failure">Why it failed, if it did.</param>
public sealed record RunOutcome(RunEnd End, int Iteration, CaffeException? Failure = null);

/// <summary>To a snapshot actor: write this.</summary>
/// <param name="Net">The net's weights: a copy, or, where training waits, the net's own.</param>
/// <param name="Progress">The solver's history, likewise.</param>
/// <param name="Resume">What else the run goes on from.</param>
internal sealed record WriteSnapshot(NetWeights Net, SolverProgress Progress, ResumeState Resume);

/// <summary>From a snapshot actor: it is on disk, or it failed and the one before it is whole.</summary>
/// <param name="Iteration">The snapshot's iteration.</param>
/// <param name="Failure">Why it failed, or null.</param>
internal sealed record SnapshotDone(int Iteration, CaffeException? Failure);

/// <summary>To a dump actor: keep this pass.</summary>
/// <param name="Failure">What went wrong in it.</param>
/// <param name="Pass">The pass, by reference.</param>
internal sealed record WriteDump(CaffeException Failure, FailedPass Pass);

/// <summary>From a dump actor: it is on disk, or could not be written.</summary>
/// <param name="Failure">What went wrong in the pass, and what became of the dump.</param>
internal sealed record DumpDone(CaffeException Failure);

/// <summary>To observers: close the metrics' part file, then pass a snapshot on. What a run that resumes from it will
/// not measure again is on disk before it.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Writer">Who writes it.</param>
internal sealed record FlushMetrics(WriteSnapshot Snapshot, IActorRef Writer);

/// <summary>Where a run stands, some times a second.</summary>
/// <param name="Iteration">Updates done.</param>
/// <param name="MaxIteration">Updates the run is to do.</param>
/// <param name="Loss">The smoothed loss.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="ImagesPerSecond">Throughput since the last report.</param>
/// <param name="Left">Time left at this pace, tests and snapshots not counted.</param>
public sealed record Progress(
    int Iteration, int MaxIteration, double Loss, double Rate, double ImagesPerSecond, TimeSpan Left);
