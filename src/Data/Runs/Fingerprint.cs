using System.IO.Hashing;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Runs;

/// <summary>
/// Hashes that tell whether a snapshot may go on under a net and a solver: equal where the same iterations would be
/// computed. XXH128 of the message's binary form, 32 hexadecimal digits.
/// </summary>
public static class Fingerprint
{
    /// <summary>The hash of a net, all fields and stored weights included.</summary>
    public static string OfNet(NetParameter net) => Of(net);

    /// <summary>
    /// The hash of a solver without what changes no iteration: the nets (they have their own hash), display, tests,
    /// snapshots, device, initial weights, and <c>max_iter</c>, so that a finished run can be made longer, unless
    /// the learning rate, momentum or weight decay depends on it (policies poly); <c>average_loss</c> counts for policy
    /// plateau alone.
    /// </summary>
    public static string OfSolver(SolverParameter solver)
    {
        SolverParameter rest = solver.Clone();
        rest.ClearNet();
        rest.NetParam = null;
        rest.ClearTrainNet();
        rest.TrainNetParam = null;
        rest.TestNet.Clear();
        rest.TestNetParam.Clear();
        rest.TrainState = null;
        rest.TestState.Clear();
        rest.TestIter.Clear();
        rest.ClearTestInterval();
        rest.ClearTestInitialization();
        rest.ClearTestComputeLoss();
        rest.ClearDisplay();
        if (rest.LrPolicy != "plateau")
            rest.ClearAverageLoss();
        rest.ClearDebugInfo();
        rest.ClearSnapshot();
        rest.ClearSnapshotPrefix();
        rest.ClearSnapshotDiff();
        rest.ClearSnapshotFormat();
        rest.ClearSnapshotAfterTrain();
        rest.ClearSolverMode();
        rest.ClearDeviceId();
        rest.Weights.Clear();
        if (rest.LrPolicy != "poly" && rest.MomentumPolicy != "poly" && rest.WeightDecayPolicy != "poly")
            rest.ClearMaxIter();
        return Of(rest);
    }

    private static string Of(IMessage message) => Convert.ToHexStringLower(XxHash128.Hash(message.ToByteArray()));
}
