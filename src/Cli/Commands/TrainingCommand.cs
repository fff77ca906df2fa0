using System.CommandLine;
using System.Globalization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Planning.Validation;
using CaffeActors.Actors.Training;
using CaffeActors.Cli.AzureDevOps;
using CaffeActors.Cli.Rendering;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Live;

namespace CaffeActors.Cli.Commands;

/// <summary>A command that trains: plans a run, alone or together with other nodes, and carries it out.</summary>
internal abstract class TrainingCommand : VerbCommand
{
    private readonly Option<string> _gpu =
        new("--gpu") { Description = "GPUs to train on, by id, comma-separated, or all." };
    private readonly Option<string> _device =
        new("--device") { Description = "Devices to train on, a replica of the net on each, as in cpu:0,cpu:1." };
    private readonly Option<string> _sigint =
        new("--sigint_effect")
        {
            Description = "What SIGINT does: stop, snapshot or none.",
            DefaultValueFactory = static _ => "stop",
        };
    private readonly Option<string> _sighup =
        new("--sighup_effect")
        {
            Description = "What SIGHUP does: stop, snapshot or none.",
            DefaultValueFactory = static _ => "snapshot",
        };
    private readonly Option<string[]> _set =
        new("--set") { Description = "Set a key of the configuration: path=value. Repeatable." };
    private readonly Option<string> _resume =
        new("--resume") { Description = "Which run to go on with: auto, must or never." };
    private readonly Option<int?> _maxIter = new("--max-iter") { Description = "Updates to do in all." };
    private readonly Option<string> _timeBudget =
        new("--time-budget") { Description = "Stop with a snapshot after this time, as in 55m." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of all random numbers." };
    private readonly Option<string> _runName = new("--run-name") { Description = "The run's name." };
    private readonly Option<string> _outputRoot = new("--output-root") { Description = "Folder of all runs." };
    private readonly Option<int?> _threads =
        new("--threads") { Description = "Threads to compute on; 0 takes one for each core." };
    private readonly Option<string> _precision = PrecisionOption.Make();
    private readonly Option<string[]> _layers = LayersOption.Make();
    private readonly LiveOptions _live = new();
    private readonly ClusterFlags _cluster = new();

    /// <summary>Whether the run is one of a cluster, whatever the configuration says.</summary>
    protected virtual bool IsMember => false;

    /// <summary>The flags of all that train.</summary>
    protected IReadOnlyList<Option> Flags =>
    [
        _gpu, _device, _sigint, _sighup, _set, _resume, _maxIter, _timeBudget, _seed, _runName, _outputRoot, _threads,
        _precision, .. _live.All, .. _cluster.All, _layers,
    ];

    /// <summary>The configuration or solver to train by.</summary>
    /// <exception cref="CaffeException">CFA1000: none is given, or more than one.</exception>
    protected abstract string FileOf(ParseResult arguments);

    /// <summary>What a command has flags for beyond those of all.</summary>
    protected virtual PlanOptions More(ParseResult arguments, PlanOptions options) => options;

    /// <summary>Looks at the plan before it is carried out.</summary>
    /// <returns>The exit code, where that was all.</returns>
    /// <exception cref="CaffeException">It cannot be carried out so.</exception>
    protected virtual int? Look(ParseResult arguments, RunPlan plan, Terminal terminal) => null;

    public override async Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string file = FileOf(arguments);
        PlanOptions options = More(arguments, OptionsOf(arguments, terminal));
        using var live = terminal.IsInteractive ? new LiveConsole(terminal.Error) : null;
        using RunLog log = GlogFlags.OpenLog(arguments, live ?? terminal.Error, "train");
        // Commands come from several threads, each whole.
        TextWriter commands = TextWriter.Synchronized(terminal.Commands);
        if (terminal.InAzurePipelines)
            log.AddWarnings(commands, LoggingCommand.Warning, LoggingCommand.Error);
        options = options with { Warning = line => log.Warn(line) };
        RunPlan plan = Plan(file, arguments, options, terminal, log, live) with
        {
            Fault = Fault.Of(terminal.Environment),
        };
        if (Look(arguments, plan, terminal) is { } code)
            return code;

        List<IRunObserver> observers = live is null ? [] : [new ProgressBlock(live, Width())];
        await using LiveView? view = await LiveView.StartAsync(
            _live.Over(plan.Live, arguments), terminal.Environment, log, TimeProvider.System);
        if (view is not null)
            observers.Add(view.Observer);
        ITrainingHost? host = null;
        PipelineReporter? pipeline = terminal.InAzurePipelines
            ? new PipelineReporter(commands, TimeProvider.System, () => host?.RunFolder) : null;
        if (pipeline is not null)
            observers.Add(pipeline);
        host = TrainingHosts.Of(plan, log, TimeProvider.System, observers);
        using var signals = new RunSignals(host, Effect(arguments, _sigint), Effect(arguments, _sighup), terminal);
        RunOutcome outcome = await host.RunAsync(CodeOf);
        pipeline?.Tell(plan, outcome, CodeOf(outcome));
        if (view is not null)
            await view.EndAsync(outcome);
        if (outcome.Failure is { } failure)
            return CommandLine.Tell(failure, arguments, terminal);
        return CodeOf(outcome);
    }

    private RunPlan Plan(
        string file, ParseResult arguments, PlanOptions options, Terminal terminal, RunLog log, LiveConsole? live)
    {
        string[] sets = arguments.GetValue(_set) ?? [];
        if (!Validator.IsConfiguration(file))
        {
            return sets.Length == 0
                ? SolverPlanner.FromFile(file, options, line => log.Info(line))
                : throw Usage("--set sets keys of a run configuration (.hocon); a solver has none");
        }

        CaffeActorsSettings settings = SettingsReader.ReadFile(file, sets, terminal.Environment);
        RunPlan plan = ConfigurationPlanner.Plan(settings, file, options, line => log.Info(line),
            (name, done, all) => live?.Draw(ProgressBlock.Bar(name, done, all, Width())));
        live?.Draw();
        return plan;
    }

    private static int CodeOf(RunOutcome outcome) => outcome switch
    {
        { Failure: { } failure } => ExitCodes.Of(failure.Kind),
        { End: RunEnd.Finished } => ExitCodes.Done,
        { End: RunEnd.Stopped } => ExitCodes.StoppedResumable,
        _ => ExitCodes.Unexpected,
    };

    private static RunRequest? Effect(ParseResult arguments, Option<string> option) => arguments.GetValue(option) switch
    {
        "stop" => RunRequest.Stop,
        "snapshot" => RunRequest.Snapshot,
        "none" => null,
        string other => throw Usage($"{option.Name} is stop, snapshot or none, not '{other}'"),
        null => null,
    };

    private static int Width() => Console.IsErrorRedirected ? 80 : Math.Max(20, Console.WindowWidth - 1);

    protected static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);

    private PlanOptions OptionsOf(ParseResult arguments, Terminal terminal) => new()
    {
        Cluster = _cluster.Of(arguments, terminal.Environment, IsMember),
        LayerAssemblies = LayersOption.Of(arguments, _layers),
        MaxIter = arguments.GetValue(_maxIter),
        Seed = arguments.GetValue(_seed),
        RunName = arguments.GetValue(_runName),
        OutputRoot = arguments.GetValue(_outputRoot),
        Devices = DevicesOf(arguments),
        Precision = PrecisionOption.Of(arguments, _precision),
        Threads = arguments.GetValue(_threads) is { } threads ? ModelOptions.ThreadCount(threads) : null,
        TimeBudget = arguments.GetValue(_timeBudget) is { } budget ? ParseTime(budget) : null,
        Resume = arguments.GetValue(_resume) switch
        {
            null => null,
            "auto" => ResumeMode.Auto,
            "must" => ResumeMode.Must,
            "never" => ResumeMode.Never,
            string other => throw Usage($"--resume is auto, must or never, not '{other}'"),
        },
    };

    private IReadOnlyList<DeviceId>? DevicesOf(ParseResult arguments) =>
        (arguments.GetValue(_device), arguments.GetValue(_gpu)) switch
        {
            (null or "", null or "") => null,
            (string devices, null or "") => DeviceList.Parse(devices, "--device"),
            (null or "", string gpus) => DeviceOpener.OfGpus(gpus, "--gpu"),
            _ => throw Usage("give --device or --gpu, not both"),
        };

    private static TimeSpan ParseTime(string text)
    {
        int digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        if (!double.TryParse(
            text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            || value > 1e6)
            throw Usage($"--time-budget is a time such as 55m, 90s or 2h, not '{text}'");
        return text[digits..] switch
        {
            "" or "s" => TimeSpan.FromSeconds(value),
            "m" => TimeSpan.FromMinutes(value),
            "h" => TimeSpan.FromHours(value),
            "d" => TimeSpan.FromDays(value),
            _ => throw Usage($"--time-budget is a time such as 55m, 90s or 2h, not '{text}'"),
        };
    }
}
