using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Watches the numbers of a replica's passes: the loss of each, and in iterations that are displayed every blob. It
/// remembers what it takes to run a pass that went wrong again. Used on the replica's thread only.
/// </summary>
/// <param name="replica">The replica.</param>
internal sealed class PassWatch(Replica replica)
{
    // The copy that a part of the batch failed in; else the replica's net.
    private PassStart Start =>
        replica.Pipeline is { Faulty: { } faulty } pipeline
            ? pipeline.Slots.First(slot => slot.Net == faulty).Start : replica.Start;

    /// <summary>The net that failed.</summary>
    public Net FaultyNet => Start.Net;

    /// <summary>To be called before the passes of an iteration.</summary>
    public void BeginStep(Step step)
    {
        replica.Net.Scan = step.Scan ? replica.Scan : null;
        if (step.Scan)
            replica.Scan.Clear();
    }

    /// <summary>To be called before a pass; where a batch goes through in parts, each part does it.</summary>
    public void BeginPass()
    {
        if (replica.Pipeline is null)
            replica.Start.Note();
    }

    /// <summary>To be called after a pass.</summary>
    /// <param name="iteration">Updates done before it.</param>
    /// <param name="loss">Its loss.</param>
    /// <returns>The failure, where a number is not finite.</returns>
    public (CaffeException Failure, FailedPass Pass)? AfterPass(int iteration, float loss)
    {
        if (!float.IsFinite(loss))
            return (Divergence.Explain(FaultyNet, Start, iteration, loss), Pass(backward: false));
        return replica.Net.Scan?.Fault is { } fault
            ? (Divergence.OfBlob(fault, iteration, loss, replica.Net), Pass(fault.IsBackward)) : null;
    }

    /// <summary>Looks where the numbers of the last pass went wrong, after an update that did.</summary>
    /// <param name="rank">The replica's rank.</param>
    public Examined Examine(int rank)
    {
        PassFault? fault = PassExam.Find(replica.Start.Net, replica.Start, backward: true);
        return new Examined(rank, fault, Divergence.RecordsOf(replica.Net), Pass(fault is not { IsBackward: false }));
    }

    private FailedPass Pass(bool backward) => new(Start, backward, replica.Id);
}
