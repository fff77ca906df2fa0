using System.CommandLine;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;

namespace CaffeActors.Cli.Commands;

/// <summary>Trains a net: a run configuration, or a bare solver as Caffe's <c>train</c> takes it.</summary>
[Verb("train", "Train a net by a run configuration (.hocon) or a solver (.prototxt).",
    "caffeactors train configs/lenet.hocon --max-iter 1000", TakesGflags = true, Notes = """
    Stopping:
      SIGINT does what --sigint_effect says, a second one ends the program at once; SIGHUP does what
      --sighup_effect says; SIGTERM writes a snapshot and stops (exit code 3). Where there are no signals,
      a file in the run's folder asks for the same: REQUEST_SNAPSHOT for a snapshot, REQUEST_STOP for a
      snapshot and the end. It is taken away when that is done. See docs/operations.md.

    Several machines:
      --nodes 2:8 lets others join (caffeactors worker), waits for the fewest and takes in up to the most.
      See docs/cluster.md.

    In Azure Pipelines (TF_BUILD=True) stdout has logging commands: progress, warnings and errors, a summary,
    a tag, and the output variables runId, runFolder, snapshot, iteration, finished. See docs/azure-pipelines.md.
    """)]
internal sealed class TrainCommand : TrainingCommand
{
    private readonly Argument<string?> _config = new("CONFIG")
    {
        Description = "Run configuration (.hocon) or solver (.prototxt).",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _solver =
        new("--solver") { Description = "Solver (.prototxt), as Caffe's train takes it." };
    private readonly Option<string> _snapshot = new("--snapshot") { Description = "Solver state to go on from." };
    private readonly Option<string> _weights =
        new("--weights") { Description = "Weight files to begin with, comma-separated." };
    private readonly Option<int?> _level = new("--level") { Description = "Level of the train net's state." };
    private readonly Option<string> _stage =
        new("--stage") { Description = "Stages of the train net's state, comma-separated." };
    private readonly Option<bool> _dryRun =
        new("--dry-run") { Description = "Build everything, print the net and its memory, and stop." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_config);
        foreach (Option option in (Option[])[_solver, _snapshot, _weights, _level, _stage, .. Flags, _dryRun])
            command.Options.Add(option);
        GlogFlags.AddTo(command);
    }

    protected override string FileOf(ParseResult arguments) =>
        (arguments.GetValue(_config), arguments.GetValue(_solver)) switch
        {
            (string config, null or "") => config,
            (null, { Length: > 0 } solver) => solver,
            (null, _) => throw Usage("give a configuration (train CONFIG) or a solver (train --solver=F)"),
            _ => throw Usage("give a configuration or --solver, not both"),
        };

    protected override PlanOptions More(ParseResult arguments, PlanOptions options) => options with
    {
        Weights = arguments.GetValue(_weights),
        Snapshot = arguments.GetValue(_snapshot),
        Level = arguments.GetValue(_level),
        Stages = arguments.GetValue(_stage),
    };

    protected override int? Look(ParseResult arguments, RunPlan plan, Terminal terminal) =>
        arguments.GetValue(_dryRun) ? DryRun.Tell(plan, terminal) : null;
}
