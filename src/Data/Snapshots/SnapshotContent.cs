using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Data.Snapshots;

/// <summary>A snapshot in memory.</summary>
/// <param name="Net">The model: layers in order with their blobs (see <see cref="WeightsFile.Read"/>).</param>
/// <param name="State">The solver's state.</param>
/// <param name="Resume">What an exact resume needs besides; null for a pair that Caffe wrote.</param>
public sealed record SnapshotContent(NetParameter Net, SolverState State, ResumeState? Resume)
{
    /// <summary>Brings a solver to where the snapshot was made: weights and history, and, where there is a
    /// <c>.resume</c>, data, random numbers and whatever else goes on from pass to pass.</summary>
    /// <param name="nets">The nets by the names that <c>.resume</c> files give them, the train net first.</param>
    /// <param name="optimizer">The train net's optimizer.</param>
    /// <param name="smoothed">The smoothed loss; it begins anew where none was kept.</param>
    /// <exception cref="CaffeException">Net or optimizer are of another kind.</exception>
    public void Restore(IReadOnlyList<(string Key, Net Net)> nets, Optimizer optimizer, SmoothedLoss smoothed)
    {
        NetUpgrade.Upgrade(Net);
        nets[0].Net.CopyTrainedLayersFrom(Net);
        optimizer.Restore(State);
        smoothed.Clear();
        Resume?.Restore(nets, optimizer, smoothed);
    }
}
