using CaffeActors.Compute.Schema;
using CaffeActors.Data.Runs;

namespace CaffeActors.Data.Tests.Runs;

public sealed class FingerprintTests
{
    private static SolverParameter Solver => new()
    {
        Net = "net.prototxt",
        BaseLr = 0.01f,
        LrPolicy = "inv",
        MaxIter = 100,
        Type = "SGD",
        RandomSeed = 7,
    };

    [Fact]
    public void OfNet_ChangesWithAnyField()
    {
        var net = new NetParameter { Name = "n", Layer = { new LayerParameter { Name = "relu", Type = "ReLU" } } };
        string hash = Fingerprint.OfNet(net);
        Assert.Matches("^[0-9a-f]{32}$", hash);
        Assert.Equal(hash, Fingerprint.OfNet(net.Clone()));
        net.Layer[0].ReluParam = new ReLUParameter { NegativeSlope = 0.1f };
        Assert.NotEqual(hash, Fingerprint.OfNet(net));
    }

    [Fact]
    public void OfSolver_IgnoresWhatChangesNoIteration()
    {
        SolverParameter other = Solver;
        other.Net = "elsewhere/net.prototxt";
        other.MaxIter = 200;
        other.Display = 20;
        other.AverageLoss = 20;
        other.TestIter.Add(10);
        other.TestInterval = 50;
        other.TestInitialization = false;
        other.Snapshot = 10;
        other.SnapshotPrefix = "snapshots/x";
        other.SnapshotFormat = SolverParameter.Types.SnapshotFormat.Hdf5;
        other.SolverMode = SolverParameter.Types.SolverMode.Cpu;
        other.DeviceId = 1;
        Assert.Equal(Fingerprint.OfSolver(Solver), Fingerprint.OfSolver(other));
        Assert.Equal(200, other.MaxIter);
    }

    [Fact]
    public void OfSolver_ChangesWithWhatIsLearned()
    {
        Action<SolverParameter>[] changes =
        [
            solver => solver.BaseLr = 0.02f, solver => solver.Type = "Nesterov", solver => solver.RandomSeed = 8,
            solver => solver.IterSize = 2, solver => solver.Momentum = 0.9f, solver => solver.ClipGradients = 1,
        ];
        foreach (Action<SolverParameter> change in changes)
        {
            SolverParameter other = Solver;
            change(other);
            Assert.NotEqual(Fingerprint.OfSolver(Solver), Fingerprint.OfSolver(other));
        }
    }

    [Fact]
    public void OfSolver_WithPolicyPoly_DependsOnTheEnd()
    {
        SolverParameter shorter = Solver, longer = Solver;
        shorter.LrPolicy = longer.LrPolicy = "poly";
        longer.MaxIter = 200;
        Assert.NotEqual(Fingerprint.OfSolver(shorter), Fingerprint.OfSolver(longer));
    }
}
