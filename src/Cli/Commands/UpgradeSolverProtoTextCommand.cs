using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's upgrade_solver_proto_text.</summary>
[Verb("upgrade_solver_proto_text", "Bring a solver (prototxt) with solver_type to today's form.",
    "caffeactors upgrade_solver_proto_text old_solver.prototxt solver.prototxt")]
internal sealed class UpgradeSolverProtoTextCommand() : UpgradeCommand("solver", ProtoUpgrader.SolverText);
