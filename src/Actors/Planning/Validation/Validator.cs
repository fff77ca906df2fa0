using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Nets;
using CaffeActors.Data.PlugIns;
using CaffeActors.Data.Tools;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>
/// Looks at a net, a solver or a run configuration for everything that is wrong with it, not for the first fault
/// alone: what is at fault is told, left out, and the rest looked at. What is sound in itself is then judged: rates,
/// labels, memory.
/// </summary>
public sealed class Validator
{
    // Nobody has so many; more would mean that leaving out what is at fault does not help.
    private const int MostFaults = 200;

    private readonly string _path;
    private readonly ValidationOptions _options;
    private readonly Findings _findings = new();
    private readonly List<NetFacts> _nets = [];
    private readonly List<SourcePlace> _misread = [];
    private bool _isMisread;
    private long? _memoryNeeded;
    private long _memory;

    private Validator(string path, ValidationOptions options)
    {
        _path = path;
        _options = options;
        _memory = options.Memory ?? MachineMemory.Bytes;
    }

    /// <summary>Looks at a file.</summary>
    /// <param name="path">A run configuration (.hocon, .conf), a solver or a net (prototxt).</param>
    /// <param name="options">More.</param>
    /// <exception cref="CaffeException">The file cannot be read at all.</exception>
    public static ValidationReport Look(string path, ValidationOptions options)
    {
        var validator = new Validator(path, options);
        string kind = IsConfiguration(path) ? "configuration" : NetFiles.IsSolver(path) ? "solver" : "net";
        if (kind == "configuration")
            validator.LookAtConfiguration();
        else if (kind == "solver")
            validator.LookAtSolver(path);
        else
            validator.LookAtNet(path, notedAt: null);
        return validator.Report(kind);
    }

    /// <summary>Looks at a plan: at what is left to be seen where everything can be read.</summary>
    /// <param name="plan">The plan.</param>
    public static ValidationReport Look(RunPlan plan)
    {
        var validator = new Validator(plan.ConfigPath, new ValidationOptions());
        validator.LookAt(plan);
        return validator.Report("plan");
    }

    /// <summary>Whether a file is a run configuration, by its name.</summary>
    public static bool IsConfiguration(string path) =>
        path.EndsWith(".hocon", StringComparison.OrdinalIgnoreCase)
        || path.EndsWith(".conf", StringComparison.OrdinalIgnoreCase);

    private ValidationReport Report(string kind) => new(kind, _findings.Sorted, _nets, _memoryNeeded, _memory);

    private static void Ignore(string notice)
    {
    }

    private void LookAtConfiguration()
    {
        HoconObject values;
        try
        {
            values = SettingsReader.Resolve(HoconDocument.ParseFile(_path), _options.Sets, _options.Environment);
        }
        catch (CaffeException unreadable)
        {
            _findings.Add(unreadable);
            return;
        }

        CaffeActorsSettings? settings = null;
        bool withoutSets = false;
        for (int fault = 0; fault < MostFaults; fault++)
        {
            try
            {
                settings = SettingsReader.Read(values);
                if (withoutSets)
                    settings = settings with { Data = settings.Data with { Sets = [] } };
                LookAt(ConfigurationPlanner.Plan(settings, _path, PlanOptions(), Ignore));
                return;
            }
            catch (CaffeException noData) when (noData.Kind == FailureKind.Data && !withoutSets)
            {
                _findings.Warn(noData);
                withoutSets = true;
            }
            catch (CaffeException failure)
            {
                if (HoconMend.Without(values, failure.Place, SettingsReader.Defaults) is not { } mended)
                {
                    LookAtSolverOf(settings, failure);
                    return;
                }

                _findings.Add(failure);
                values = mended;
            }
        }
    }

    // The configuration is not at fault itself, as far as can be seen: the solver it names may be.
    private void LookAtSolverOf(CaffeActorsSettings? settings, CaffeException failure)
    {
        if (settings is { Train.Solver: { Length: > 0 } solver } && failure.Kind == FailureKind.Configuration)
        {
            string path = new PathFinder().Beside(_path).Resolve(solver);
            if (File.Exists(path))
                LookAtSolver(path);
        }

        if (!_findings.Has(failure))
            _findings.Add(failure);
    }

    private void LookAtSolver(string path)
    {
        SolverParameter? solver = NetFiles.ReadSolver(path, Ignore, AddMisread);
        if (solver is null)
            return;
        CaffeException[] problems = [.. SolverValidation.Problems(solver)];
        foreach (CaffeException problem in problems)
            _findings.Add(problem);
        if (problems.Length == 0 && !_isMisread)
        {
            try
            {
                LookAt(SolverPlanner.FromFile(path, PlanOptions(), Ignore));
                return;
            }
            catch (CaffeException failure)
            {
                LookAtNetsOf(solver, path);
                if (!_findings.Has(failure))
                    _findings.Add(failure);
            }
        }
        else
        {
            LookAtNetsOf(solver, path);
        }

        if (problems.Length == 0)
            new RateCheck(solver, _findings).Look();
    }

    // As nets by themselves, since the solver cannot tell their states.
    private void LookAtNetsOf(SolverParameter solver, string path)
    {
        PathFinder paths = new PathFinder().Beside(path);
        List<(string File, string Field, int Index)> files = [];
        if (solver.HasNet)
            files.Add((solver.Net, "net", 0));
        if (solver.HasTrainNet)
            files.Add((solver.TrainNet, "train_net", 0));
        files.AddRange(solver.TestNet.Select((file, i) => (file, "test_net", i)));
        foreach ((string file, string field, int index) in files)
            LookAtNet(paths.Resolve(file), SourcePlaces.OfField(solver, field, index));
    }

    private void LookAtNet(string path, SourcePlace? notedAt)
    {
        NetParameter? net = NetFiles.ReadNet(
            path, Ignore, problem => AddMisread(problem with { Failure = problem.Failure.At(notedAt) }));
        if (net is null)
            return;
        Phase[] phases = _options.Phase is { } only ? [only]
            : net.State is { HasPhase: true } ? [net.State.Phase] : [Phase.Train, Phase.Test];
        PathFinder paths = new PathFinder().Beside(path);
        using var check = new PlanCheck(
            LayerPlugIns.Catalog(_options.LayerAssemblies, paths.Resolve), paths.Resolve, _options, _findings,
            _misread);
        foreach (Phase phase in phases)
        {
            NetParameter state = net.CloneWithPlaces();
            state.State = NetStates.Merge(Phase.Test, net.State, new NetState { Phase = phase });
            check.LookAt(state);
        }

        // Of a net that belongs to a solver running it is not the question.
        if (notedAt is null)
            check.EstimateForward();
        Take(check);
    }

    private void LookAt(RunPlan plan)
    {
        new RateCheck(plan.Solver, _findings).Look();
        using var check = new PlanCheck(plan.Catalog, plan.ResolvePath, _options, _findings, _misread)
        {
            Extensions = plan.Extensions,
        };
        check.LookAt(plan.Nets.Train);
        foreach (SolverTestNet test in plan.Nets.Tests)
            check.LookAt(test.Net);
        check.LookAt(plan);
        Take(check);
    }

    private void Take(PlanCheck check)
    {
        _nets.AddRange(check.Facts);
        _memoryNeeded ??= check.MemoryNeeded;
        _memory = check.Memory;
    }

    private void AddMisread(TextProblem problem)
    {
        _findings.Add(problem.Failure);
        _isMisread = true;
        if (problem.Within is { } layer)
            _misread.Add(layer);
    }

    private PlanOptions PlanOptions() => new() { LayerAssemblies = _options.LayerAssemblies };
}
