using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Training;

/// <summary>
/// The training loop as a state machine: test, iterate, tell, snapshot, in Caffe's order. It lives on the replica's
/// thread, so that an iteration wakes no other; requests to stop wait in its mailbox until the iteration is over.
/// </summary>
internal sealed class SolverActor : UntypedActor
{
    private readonly TrainingRun _run;
    private readonly IActorRef _replicas;
    private readonly IActorRef _evaluator;
    private readonly IActorRef _snapshots;
    private readonly SolverReport _report;
    private int _failedSnapshots;
    private bool _stopping;
    private bool _stopped;
    private bool _forceSnapshot;
    private bool _snapshotAsked;
    private bool _answering;
    private bool _finishing;

    public SolverActor(TrainingRun run, IActorRef replicas, IActorRef evaluator, IActorRef snapshots,
        IActorRef observers)
    {
        _run = run;
        _replicas = replicas;
        _evaluator = evaluator;
        _snapshots = snapshots;
        _report = new SolverReport(run, message => observers.Tell(message));
    }

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
                Continue();
                break;
            case StepDone done:
                OnStepDone(done);
                break;
            case TestDone test:
                _report.Test(_run.Iteration, test);
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
            case RunRequest request:
                OnRequest(request);
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
        if (_stopping)
            BeginFinish();
        else if (_run.Iteration >= _run.MaxIteration)
            BeginFinish();
        else if (TestIsDue())
            BeginTests();
        else
            _replicas.Tell(new Step(_run.Iteration, Solver.DebugInfo && Solver.DisplaysAt(_run.Iteration)));
    }

    private bool TestIsDue() =>
        _run.Tests.Count > 0 && Solver.TestsAt(_run.Iteration) && _run.TestedAt != _run.Iteration
        && (_run.Iteration > 0 || Solver.TestInitialization);

    private void BeginTests()
    {
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
            End(RunEnd.Failed, Divergence.OfUpdate(param, done.Iteration));
            return;
        }

        _report.Step(done);
        _run.Iteration++;
        if (_run.Iteration < _run.MaxIteration && _run.TimeIsUp())
        {
            _run.Log.Info("The time budget is used up; the run stops here and can be resumed.");
            OnRequest(RunRequest.StopWithSnapshot);
        }

        // A stop's snapshot comes at the end, once.
        if (Solver.SnapshotsAt(_run.Iteration) || (_snapshotAsked && !_stopping))
            BeginSnapshot();
        else
            Continue();
    }

    private void AfterTests()
    {
        if (_finishing)
            End(RunEnd.Finished);
        else if (_snapshotAsked && !_stopping)
            BeginSnapshot();
        else
            Continue();
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
        _answering |= _snapshotAsked;
        _snapshotAsked = false;
        // What a resumed run will not measure again is on disk first.
        _report.Flush();
        _snapshots.Tell(_run.Capture());
    }

    private void OnSnapshotDone(SnapshotDone done)
    {
        _failedSnapshots = done.Failure is null ? 0 : _failedSnapshots + 1;
        if (done.Failure is null)
            _run.SnapshotAt = _run.Iteration;
        TellAnswered();
        if (_failedSnapshots > 1)
            End(RunEnd.Failed, done.Failure);
        // The last one is tried again: no later one makes up for it.
        else if (_finishing && done.Failure is not null)
            BeginSnapshot();
        else if (_finishing)
            Finish();
        else
            Continue();
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
        bool wanted = Solver.SnapshotAfterTrain || (_stopped && _forceSnapshot);
        if (wanted && _run.SnapshotAt != _run.Iteration)
            BeginSnapshot();
        else
            Finish();
    }

    private void Finish()
    {
        if (_stopped)
        {
            _run.Log.Info("Optimization stopped early.");
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
        if (_run.Tests.Count > 0 && Solver.TestsAt(_run.Iteration))
            BeginTests();
        else
            End(RunEnd.Finished);
    }

    private void End(RunEnd end, CaffeException? failure = null)
    {
        if (end == RunEnd.Finished)
            _run.Log.Info("Optimization Done.");
        Context.Parent.Tell(new RunOutcome(end, _run.Iteration, failure));
        Become(static _ => true);
    }
}
