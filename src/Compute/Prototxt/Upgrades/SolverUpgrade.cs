using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// Brings solvers to the present form: the enum <c>solver_type</c> becomes the string <c>type</c>. Nets inside the
/// solver are upgraded as well, which Caffe leaves undone.
/// </summary>
public static class SolverUpgrade
{
    /// <summary>Upgrades a solver in place.</summary>
    /// <param name="solver">The solver; after an exception it may be half upgraded.</param>
    /// <exception cref="CaffeException">Both forms of the type are given, or a net inside is at fault.</exception>
    public static UpgradeResult Upgrade(SolverParameter solver)
    {
        var log = new UpgradeLog();
        UpgradeType(solver, log);
        foreach (NetParameter? net in new[] { solver.NetParam, solver.TrainNetParam }.Concat(solver.TestNetParam))
        {
            if (net is not null)
                NetUpgrade.Apply(net, log);
        }

        return log.ToResult();
    }

    private static void UpgradeType(SolverParameter solver, UpgradeLog log)
    {
        if (!solver.HasSolverType)
            return;
        SourcePlace? place = SourcePlaces.OfField(solver, "solver_type");
        if (solver.HasType)
        {
            throw new CaffeException(
                ErrorCodes.BadSolver,
                FailureKind.Configuration,
                $"The solver has both 'type' (\"{solver.Type}\") and its old form 'solver_type': remove 'solver_type'.",
                place);
        }

        solver.Type = solver.SolverType switch
        {
            SolverParameter.Types.SolverType.Sgd => "SGD",
            SolverParameter.Types.SolverType.Nesterov => "Nesterov",
            SolverParameter.Types.SolverType.Adagrad => "AdaGrad",
            SolverParameter.Types.SolverType.Rmsprop => "RMSProp",
            SolverParameter.Types.SolverType.Adadelta => "AdaDelta",
            SolverParameter.Types.SolverType.Adam => "Adam",
            _ => throw new CaffeException(
                ErrorCodes.BadSolver,
                FailureKind.Configuration,
                $"solver_type {(int)solver.SolverType} is unknown: write 'type' with the solver's name.",
                place),
        };
        solver.ClearSolverType();
        if (place is { } known)
            SourcePlaces.SetField(solver, "type", known);
        log.Done($"'solver_type' became type: \"{solver.Type}\".", place);
    }
}
