using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>A test net that a solver names.</summary>
/// <param name="Net">The net, its state set.</param>
/// <param name="Iterations">Batches of one test.</param>
public sealed record SolverTestNet(NetParameter Net, int Iterations);

/// <summary>The nets a solver trains and tests, with the states they are built in.</summary>
/// <param name="Train">The train net, its state set.</param>
/// <param name="Tests">The test nets, in their order.</param>
public sealed record SolverNets(NetParameter Train, IReadOnlyList<SolverTestNet> Tests)
{
    /// <summary>
    /// Collects a solver's nets: exactly one of net, net_param, train_net, train_net_param; test nets are
    /// test_net_param, then test_net, then the generic net for the remaining test_iter. A net's state is its phase,
    /// overridden by the net's own state and then by train_state or test_state.
    /// </summary>
    /// <param name="solver">The solver.</param>
    /// <param name="readNet">Reads a net file, upgraded.</param>
    /// <exception cref="CaffeException">The settings are not valid, see <see cref="SolverValidation"/>.</exception>
    public static SolverNets Of(SolverParameter solver, Func<string, NetParameter> readNet)
    {
        SolverValidation.Check(solver);
        NetParameter? generic = solver.HasNet ? Read(solver.Net, "net") : solver.NetParam;
        NetParameter train = generic
            ?? (solver.HasTrainNet ? Read(solver.TrainNet, "train_net") : solver.TrainNetParam!);
        return new SolverNets(WithState(train, Phase.Train, solver.TrainState), TestNets(solver, generic, Read));

        // A file that is not there is named at the solver's line that asks for it.
        NetParameter Read(string file, string field, int index = 0)
        {
            try
            {
                return readNet(file);
            }
            catch (CaffeException failure) when (failure.Place is null)
            {
                throw failure.At(SourcePlaces.OfField(solver, field, index));
            }
        }
    }

    private static List<SolverTestNet> TestNets(
        SolverParameter solver, NetParameter? generic, Func<string, string, int, NetParameter> readNet)
    {
        int inline = solver.TestNetParam.Count, named = inline + solver.TestNet.Count;
        int count = solver.TestIter.Count;
        List<SolverTestNet> tests = [];
        for (int i = 0; i < count; i++)
        {
            NetParameter net = i < inline ? solver.TestNetParam[i]
                : i < named ? readNet(solver.TestNet[i - inline], "test_net", i - inline)
                : generic!;
            NetParameter test = WithState(net, Phase.Test, i < solver.TestState.Count ? solver.TestState[i] : null);
            test.DebugInfo = solver.DebugInfo;
            tests.Add(new SolverTestNet(test, solver.TestIter[i]));
        }

        return tests;
    }

    private static NetParameter WithState(NetParameter net, Phase phase, NetState? state)
    {
        NetParameter result = net.CloneWithPlaces();
        result.State = NetStates.Merge(phase, net.State, state);
        return result;
    }
}
