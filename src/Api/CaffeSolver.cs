using System.Diagnostics;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Api;

/// <summary>
/// A solver with its nets, stepped by the program that holds it, in a plain loop. Layers, updates and random numbers
/// are those of <c>caffeactors train</c>, so the two give equal bits. Not thread-safe. For runs with metrics,
/// a run folder and resuming, use the program.
/// </summary>
public sealed partial class CaffeSolver : IDisposable
{
    private readonly RunPlan _plan;
    private readonly SolverParts _parts;
    private readonly SolverLog _log;
    private readonly Action<string> _notice;
    private readonly SmoothedLoss _smoothed;
    private readonly string _runId = Guid.NewGuid().ToString("N");
    private NetStand? _beforeTests;
    private int _testedAt = -1;
    private int _displayed;
    private long _displayedAt;
    private bool _stop;

    private CaffeSolver(RunPlan plan, SolverParts parts, Action<string> notice)
    {
        _plan = plan;
        _parts = parts;
        _notice = notice;
        _log = new SolverLog(notice);
        _smoothed = new SmoothedLoss(plan.Solver.AverageLoss);
        Net = parts.Nets[0];
        TestNets = [.. parts.Nets.Skip(1)];
    }

    /// <summary>The solver's settings, with what the options set.</summary>
    public SolverParameter Parameter => _plan.Solver;

    /// <summary>The net that trains.</summary>
    public CaffeNet Net { get; }

    /// <summary>The test nets. <see cref="Test"/> gives them the train net's weights.</summary>
    public IReadOnlyList<CaffeNet> TestNets { get; }

    /// <summary>Updates done.</summary>
    public int Iteration { get; private set; }

    /// <summary>The loss of the last iteration, the mean over its iter_size passes; 0 before the first.</summary>
    public float Loss { get; private set; }

    /// <summary>The loss averaged over the last average_loss iterations.</summary>
    public float SmoothedLoss => _smoothed.Value;

    /// <summary>The learning rate of the next update.</summary>
    public float LearningRate => _parts.Optimizer.Rate(Iteration);

    /// <summary>Called before each iteration with its number. Add with <c>+=</c>.</summary>
    public Action<int>? IterationStarting { get; set; }

    /// <summary>Called in each iteration when all gradients are there, before the update.</summary>
    public Action<int>? GradientsReady { get; set; }

    /// <summary>Opens a solver.</summary>
    /// <param name="file">The solver (prototxt).</param>
    /// <param name="options">More.</param>
    /// <exception cref="CaffeException">A file is missing or cannot be understood, or something does not
    /// fit.</exception>
    public static CaffeSolver Open(string file, CaffeSolverOptions? options = null)
    {
        options ??= new CaffeSolverOptions();
        RunPlan plan = SolverPlanner.FromFile(file, new PlanOptions
        {
            Weights = options.Weights,
            Snapshot = options.Snapshot,
            Level = options.Level,
            Stages = options.Stages,
            MaxIter = options.MaxIter,
            Seed = options.Seed,
            Threads = options.Threads,
            Precision = options.Precision,
            GradScale = options.GradScale,
            Devices = options.Device is { } device ? [DeviceOpener.Parse(device, "a solver's device")] : null,
            LayerAssemblies = options.LayerAssemblies,
        }, options.Notice) with
        {
            Extensions = options.Extensions,
        };
        SnapshotContent? snapshot = plan.Snapshot is { } path ? SnapshotLoader.Load(path) : null;
        var parts = new SolverParts(plan, snapshot?.Resume?.Seed, options.Notice);
        var solver = new CaffeSolver(plan, parts, options.Notice);
        try
        {
            if (snapshot is not null)
                solver.Restore(snapshot);
            return solver;
        }
        catch
        {
            solver.Dispose();
            throw;
        }
    }

    /// <summary>Does iterations: tests, displays and snapshots where the solver asks for them, and updates.</summary>
    /// <param name="count">How many, at least 0; max_iter is not looked at.</param>
    /// <exception cref="CaffeException">Data cannot be read, or the loss or a weight is no finite number.</exception>
    public void Step(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        (_displayed, _displayedAt) = (Iteration, Stopwatch.GetTimestamp());
        _stop = false;
        for (int end = Iteration + count; Iteration < end && !_stop;)
        {
            if (TestIsDue())
                TestAll();
            Iterate();
            if (Parameter.SnapshotsAt(Iteration))
                Snapshot();
        }
    }

    /// <summary>Trains to max_iter as Caffe's <c>Solve</c> does: with a snapshot, a last loss and last tests at the
    /// end.</summary>
    public void Solve()
    {
        _log.Solving(Net.Name, Parameter.LrPolicy);
        Step(Math.Max(0, Parameter.MaxIter - Iteration));
        if (Parameter.SnapshotAfterTrain && !Parameter.SnapshotsAt(Iteration))
            Snapshot();
        if (_stop)
        {
            _notice("Optimization stopped early.");
            return;
        }

        if (Parameter.DisplaysAt(Iteration))
        {
            Net.Forward();
            _smoothed.Add(Net.Loss);
            _log.FinalLoss(Iteration, _smoothed.Value);
        }

        if (TestNets.Count > 0 && Parameter.TestsAt(Iteration))
            TestAll();
        _notice("Optimization Done.");
    }

    /// <summary>Ends <see cref="Step"/> or <see cref="Solve"/> after the iteration under way; for callbacks.</summary>
    public void Stop() => _stop = true;

    /// <summary>Tests: gives a test net the train net's weights and runs its batches.</summary>
    /// <param name="net">Number of the test net.</param>
    /// <returns>The mean of each element of its outputs.</returns>
    public IReadOnlyList<OutputValue> Test(int net = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(net, TestNets.Count);
        CaffeNet test = TestNets[net];
        int passes = _plan.Nets.Tests[net].Iterations;
        _log.Testing(Iteration, net);
        test.ShareWith(Net);
        var sums = new double[test.Outputs.Sum(name => test.Blobs[name].Count)];
        double loss = 0;
        for (int pass = 0; pass < passes; pass++)
        {
            int k = 0;
            foreach (string name in test.Forward().Keys)
            {
                foreach (float value in test.Blobs[name].Data)
                    sums[k++] += value;
            }

            loss += test.Loss;
        }

        IReadOnlyList<OutputValue> outputs = NetOutputs.Of(test.Net, sums, Math.Max(1, passes));
        _log.TestResult(outputs, Parameter.TestComputeLoss ? (float)(loss / Math.Max(1, passes)) : null);
        return outputs;
    }

    /// <summary>Runs all test nets.</summary>
    public void TestAll()
    {
        (_testedAt, _beforeTests) = (Iteration, NetStand.Take(_parts.Keyed));
        for (int i = 0; i < TestNets.Count; i++)
            Test(i);
    }

    /// <summary>Updates the parameters from their gradients, which then hold what was subtracted, and counts an
    /// iteration; for programs that run the passes themselves.</summary>
    /// <exception cref="CaffeException">A gradient or a new weight is NaN or infinite, or a weight beyond
    /// 1.8e19.</exception>
    public void ApplyUpdate()
    {
        _parts.Optimizer.ApplyUpdate(Iteration);
        if (_parts.Optimizer.NotFinite is { } param)
            throw Divergence.OfUpdate(param, Iteration, Net.Net);
        Iteration++;
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.Dispose();

    private bool TestIsDue() => TestNets.Count > 0 && Parameter.TestsAt(Iteration) && _testedAt != Iteration
        && (Iteration > 0 || Parameter.TestInitialization);

    private void Iterate()
    {
        IterationStarting?.Invoke(Iteration);
        bool display = Parameter.DisplaysAt(Iteration);
        Net.Net.DebugInfo = display && Parameter.DebugInfo;
        Net.ClearParamDiffs();
        float loss = 0;
        for (int pass = 0; pass < Parameter.IterSize; pass++)
        {
            Net.Forward();
            if (!float.IsFinite(Net.Loss))
                throw Divergence.Explain(Net.Net, Iteration, Net.Loss);
            Net.Backward();
            loss += Net.Loss;
        }

        Loss = loss / Parameter.IterSize;
        _smoothed.Add(Loss);
        float rate = LearningRate;
        if (display)
            Display(rate);
        GradientsReady?.Invoke(Iteration);
        ApplyUpdate();
        _parts.Optimizer.ObserveLoss(Iteration - 1, _smoothed.Value);
    }

    private void Display(float rate)
    {
        long now = Stopwatch.GetTimestamp();
        int since = Iteration - _displayed;
        _log.Iteration(Iteration, since > 0 ? since : Parameter.Display, Stopwatch.GetElapsedTime(_displayedAt, now),
            _smoothed.Value);
        (_displayed, _displayedAt) = (Iteration, now);
        _log.TrainOutputs(NetOutputs.Of(Net.Net));
        _log.Rate(Iteration, rate);
    }
}
