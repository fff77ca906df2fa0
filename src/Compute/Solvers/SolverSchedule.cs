using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>At which iterations, counted in updates done, a solver asks for what.</summary>
public static class SolverSchedule
{
    /// <summary>Whether an iteration is displayed: <c>display</c> is set and divides it.</summary>
    public static bool DisplaysAt(this SolverParameter solver, int iteration) => Divides(solver.Display, iteration);

    /// <summary>Whether test nets run before an iteration: <c>test_interval</c> is set and divides it.</summary>
    public static bool TestsAt(this SolverParameter solver, int iteration) => Divides(solver.TestInterval, iteration);

    /// <summary>Whether a snapshot follows these updates: <c>snapshot</c> is set and divides them.</summary>
    public static bool SnapshotsAt(this SolverParameter solver, int iteration) => Divides(solver.Snapshot, iteration);

    private static bool Divides(int interval, int iteration) => interval > 0 && iteration % interval == 0;
}
