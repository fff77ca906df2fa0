using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Training;

/// <summary>
/// The training loop as a state machine: test, iterate, tell, snapshot, in Caffe's order. It lives on the replica's
/// thread, so that an iteration wakes no other; requests to stop wait in its mailbox until the iteration is over.
/// A snapshot is written while training goes on, from a copy, one at a time: the solver's next one waits for it, and
/// training with it; one that is asked for comes at the end of the first iteration that finds none being written.
/// </summary>
internal sealed class SolverActor : UntypedActor, IWithTimers
{
    /// <summary>What it does while test nets run.</summary>
    public const string Tests = "tests";

    /// <summary>What it does while a snapshot is waited for.</summary>
    public const string WaitsForFiles = "waits for a snapshot's files";

    private readonly TrainingRun _run;
    private readonly IActorRef _replicas;
    private readonly IActorRef _evaluator;
    private readonly IActorRef _snapshots;
    private readonly IActorRef _observers;
    private readonly SolverReport _report;
    private SnapshotWait? _wait;
    private bool _writing;
    private Action? _afterWrite;
    private int _failedSnapshots;
    private int _failedInARow;
    private bool _stopping;
    private bool _stopped;
    private bool _forceSnapshot;
    private bool _snapshotAsked;
    private bool _answering;
    // Whoever resumes a run that went back is to go on with its lower rate.
    private bool _keepsRate;
    private bool _finishing;
    private string _outOfRange = "";

    public SolverActor(TrainingRun run, IActorRef replicas, IActorRef evaluator, IActorRef snapshots,
        IActorRef observers)
    {
        _run = run;
        _replicas = replicas;
        _evaluator = evaluator;
        _snapshots = snapshots;
        _observers = observers;
        _report = new SolverReport(run, message => observers.Tell(message));
        _run.SolverActivity.Actor = Self;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private SnapshotWait Wait => _wait ??= new SnapshotWait(_run, Timers);

    private SolverParameter Solver => _run.Solver;

    public static Props Props(
        TrainingRun run, IActorRef replicas, IActorRef evaluator, IActorRef snapshots, IActorRef observers) =>
        Akka.Actor.Props.Create(() => new SolverActor(run, replicas, evaluator, snapshots, observers));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Begin:
                _report.Begin();
                _keepsRate = _run.WentBack;
                Continue();
                break;
            case StepDone done:
                OnStepDone(done);
                break;
            case TestDone test:
                _report.Test(_run.Iteration, test);
                Rank(test);
                TestNext(test.Net + 1);
                break;
            case TestInterrupted:
                _run.Log.Info("Test interrupted.");
                AfterTests();
                break;
            case LossMeasured measured:
                _report.FinalLoss(_run.Iteration, measured.Loss);
                FinishWithTests();
                break;
            case SnapshotDone done:
                OnSnapshotDone(done);
                break;
            case SnapshotWait.Look:
                if (Wait.Failure() is { } late)
                    End(RunEnd.Failed, late);
                break;
            case RunRequest request:
                OnRequest(request);
                break;
            case Examined found:
                OnExamined(found);
                break;
            case Failed { Pass: { } pass } failed:
                BeginDump(failed.Failure, pass);
                break;
            case Failed failed:
                End(RunEnd.Failed, failed.Failure);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // The head of an iteration: is there one, is a test due?
    private void Continue()
    {
        if (_finishing || _stopping || _run.Iteration >= _run.MaxIteration)
            BeginFinish();
        else if (_run.EarlyStopping is { IsDue: true } early)
            FinishEarly(early);
        else if (TestIsDue())
            BeginTests();
        else
            BeginStep(displays: Solver.DisplaysAt(_run.Iteration));
    }

    private void BeginStep(bool displays)
    {
        _run.SolverActivity.Begin("trains");
        _report.BeginStep();
        _replicas.Tell(new Step(_run.Iteration, Solver.DebugInfo && displays, displays));
    }

    private void FinishEarly(EarlyStopping early)
    {
        Note(RunEventKind.Run, $"Early stopping at iteration {_run.Iteration}: {early.Reason}.");
        BeginFinish();
    }

    private bool TestIsDue() =>
        _run.Tests.Count > 0 && Solver.TestsAt(_run.Iteration) && _run.TestedAt != _run.Iteration
        && (_run.Iteration > 0 || Solver.TestInitialization);

    private void BeginTests()
    {
        _run.SolverActivity.Begin(Tests);
        _run.BeginTests();
        TestNext(0);
    }

    private void TestNext(int net)
    {
        if (net == _run.Tests.Count)
        {
            AfterTests();
            return;
        }

        _report.Testing(_run.Iteration, net);
        _evaluator.Tell(new RunTest(net, _run.Iteration));
    }

    private void OnStepDone(StepDone done)
    {
        if (_run.Replicas.Optimizer.NotFinite is { } param)
        {
            _outOfRange = Divergence.WhatIsWrong(param);
            _replicas.Tell(Examine.Instance);
            return;
        }

        _report.Step(done);
        _run.Iteration++;
        _run.Replicas.Seat?.Watch.Applied(_run.Iteration);
        if (_run.Iteration < _run.MaxIteration && _run.TimeIsUp())
        {
            Note(RunEventKind.Run, "The time budget is used up; the run stops here and can be resumed.");
            OnRequest(RunRequest.StopWithSnapshot);
        }

        if (Solver.SnapshotsAt(_run.Iteration))
            BeginSnapshot();
        else
            SnapshotIfAsked();
    }

    // A stop's snapshot comes at the end, once.
    private void SnapshotIfAsked()
    {
        if ((_snapshotAsked || _keepsRate) && !_stopping && !_writing)
            BeginSnapshot();
        else
            Continue();
    }

    private void Rank(TestDone test)
    {
        if (_run.Ranking is not { } ranking || TestMetrics.Find(test, ranking.Metric) is not { } value)
            return;
        BestSnapshot? before = ranking.Best;
        ranking.Measure(_run.Iteration, value);
        if (ranking.Best is { } best && best != before)
            Note(RunEventKind.Snapshot,
                $"The snapshot of iteration {best.Iteration} is the best so far by {best.Metric}");
    }

    private void AfterTests()
    {
        _run.TestsEndedAt = _run.TestedAt;
        if (_finishing)
            End(RunEnd.Finished);
        else
            SnapshotIfAsked();
    }

    private void OnRequest(RunRequest request)
    {
        if (request == RunRequest.Snapshot)
        {
            _snapshotAsked = true;
            return;
        }

        _stopping = true;
        _forceSnapshot |= request == RunRequest.StopWithSnapshot;
        _evaluator.Tell(request);
    }

    private void BeginSnapshot()
    {
        if (_writing)
        {
            AfterWrite(BeginSnapshot);
            return;
        }

        _answering |= _snapshotAsked;
        _snapshotAsked = _keepsRate = false;
        _writing = true;
        // After the last iteration nothing changes any more while it is written.
        bool isLast = _finishing || _stopping || _run.Iteration >= _run.MaxIteration;
        _observers.Tell(new FlushMetrics(_run.Capture(copy: !isLast), _snapshots));
        if (isLast)
            AfterWrite(Continue);
        else
            Continue();
    }

    private void AfterWrite(Action next)
    {
        _afterWrite = next;
        _run.SolverActivity.Begin(WaitsForFiles);
        Wait.Begin();
    }

    private void OnSnapshotDone(SnapshotDone done)
    {
        _writing = false;
        Wait.End();
        TellAnswered();
        if (done.Failure is null)
        {
            _failedInARow = 0;
            _run.SnapshotAt = done.Iteration;
            _report.Event(RunEventKind.Snapshot, $"Snapshot of iteration {done.Iteration} written");
        }
        else
        {
            _report.SnapshotFailed(done.Iteration, ++_failedSnapshots, done.Failure);
            _run.Ranking?.Withdraw(done.Iteration);
            if (++_failedInARow > 1)
            {
                End(RunEnd.Failed, done.Failure);
                return;
            }
        }

        Action? next = _afterWrite;
        _afterWrite = null;
        next?.Invoke();
    }

    // Whoever asked for a snapshot hears that it was written, or that it failed and the log says why.
    private void TellAnswered()
    {
        if (!_answering)
            return;
        _answering = false;
        Context.Parent.Tell(new RequestDone(RunRequest.Snapshot));
    }

    private void BeginFinish()
    {
        _finishing = true;
        _stopped = _stopping && _run.Iteration < _run.MaxIteration;
        bool wanted = Solver.SnapshotAfterTrain || _snapshotAsked || (_stopped && _forceSnapshot);
        if (_writing)
            AfterWrite(BeginFinish);
        // The last one is tried again where it fails: no later one makes up for it.
        else if (wanted && _run.SnapshotAt != _run.Iteration)
            BeginSnapshot();
        else
            Finish();
    }

    private void Finish()
    {
        if (_stopped)
        {
            Note(RunEventKind.Run, "Optimization stopped early.");
            End(RunEnd.Stopped);
        }
        else if (Solver.DisplaysAt(_run.Iteration))
        {
            _replicas.Tell(MeasureLoss.Instance);
        }
        else
        {
            FinishWithTests();
        }
    }

    private void FinishWithTests()
    {
        if (_run.Tests.Count > 0 && Solver.TestsAt(_run.Iteration) && _run.TestedAt != _run.Iteration)
            BeginTests();
        else
            End(RunEnd.Finished);
    }

    private void OnExamined(Examined found)
    {
        CaffeException failure = Divergence.OfUpdate(_outOfRange, _run.Iteration, found.Fault, found.Records);
        bool several = _run.Replicas.Replicas.Count > 1 && found.Fault is not null;
        BeginDump(several ? RunFailures.On(failure, found.Pass.Device) : failure, found.Pass);
    }

    // The pass is kept before the run ends; who else fails meanwhile comes too late.
    private void BeginDump(CaffeException failure, FailedPass pass)
    {
        IActorRef dumps = Context.ActorOf(DumpActor.Props(_run).WithDispatcher(Dispatchers.Files), "dump");
        dumps.Tell(new WriteDump(failure, pass));
        Become(message =>
        {
            if (message is not DumpDone done)
                return message is RunRequest or Failed or StepDone or Examined or SnapshotDone;
            End(RunEnd.Failed, done.Failure);
            return true;
        });
    }

    private void End(RunEnd end, CaffeException? failure = null)
    {
        _run.SolverActivity.Begin("is done");
        if (end == RunEnd.Finished)
            Note(RunEventKind.Run, "Optimization Done.");
        else if (failure is not null)
            _report.Event(RunEventKind.Error, failure.Message);
        Context.Parent.Tell(new RunOutcome(end, _run.Iteration, failure));
        Become(static _ => true);
    }

    private void Note(RunEventKind kind, string text)
    {
        _run.Log.Info(text);
        _report.Event(kind, text);
    }
}
