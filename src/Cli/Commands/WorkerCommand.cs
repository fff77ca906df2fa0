using System.CommandLine;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Training;

namespace CaffeActors.Cli.Commands;

/// <summary>One more node of a run.</summary>
[Verb("worker", "Train as one more node of a cluster.",
    "caffeactors worker --config configs/lenet.hocon --seed-node 10.0.0.5:4053", Notes = """
    It trains by the same configuration or solver as the node that it joins (train CONFIG --nodes MIN:MAX), and may
    come, go and come back at any time. Nodes to be let in by come from --seed-node, CAFFEACTORS_SEED_NODES,
    CAFFEACTORS_SERVICE (Kubernetes) or cluster.seed-nodes, in this order. SIGTERM lets it leave in order, exit
    code 3; exit code 8 says that no node let it in, or that the cluster has gone on without it.
    See docs/cluster.md.
    """)]
internal sealed class WorkerCommand : TrainingCommand
{
    private readonly Option<string> _config =
        new("--config") { Description = "Run configuration (.hocon) or solver (.prototxt).", Required = true };

    public override void Define(Command command)
    {
        foreach (Option option in (Option[])[_config, .. Flags])
            command.Options.Add(option);
        GlogFlags.AddTo(command);
    }

    protected override bool IsMember => true;

    protected override string FileOf(ParseResult arguments) => arguments.GetValue(_config)!;

    protected override int? Look(ParseResult arguments, RunPlan plan, Terminal terminal) =>
        plan.Cluster is { SeedNodes.Count: > 0 } ? null
            : throw Usage("a worker needs a node that lets it in: --seed-node HOST:PORT, "
                + $"{ClusterEnvironment.SeedNodes} or cluster.seed-nodes");
}
