using System.Globalization;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Diagnostics.LogNumber;

namespace CaffeActors.Actors.Training;

/// <summary>The lines of training that Caffe's users' scripts read. Their fixed parts must not change.</summary>
/// <param name="write">Takes the lines.</param>
public sealed class SolverLog(Action<string> write)
{
    /// <summary>Begins: what is solved.</summary>
    public void Solving(string net, string policy)
    {
        write($"Solving {net}");
        write($"Learning Rate Policy: {policy}");
    }

    /// <summary>A display: iterations since the last one, the time they took, the smoothed loss.</summary>
    public void Iteration(int iteration, int since, TimeSpan elapsed, double loss)
    {
        double seconds = elapsed.TotalSeconds;
        string rate = Format(seconds > 0 ? since / seconds : 0);
        write($"Iteration {iteration} ({rate} iter/s, {Format(Math.Round(seconds, 3))}s/{since} iters), loss = "
            + $"{Format(loss)}");
    }

    /// <summary>The learning rate of an iteration.</summary>
    public void Rate(int iteration, float rate) => write($"Iteration {iteration}, lr = {Format(rate)}");

    /// <summary>The loss after the last iteration.</summary>
    public void FinalLoss(int iteration, double loss) => write($"Iteration {iteration}, loss = {Format(loss)}");

    /// <summary>The train net's outputs, at a display.</summary>
    public void TrainOutputs(IReadOnlyList<OutputValue> outputs) => Outputs("Train", outputs);

    /// <summary>A test begins.</summary>
    public void Testing(int iteration, int net) => write($"Iteration {iteration}, Testing net (#{net})");

    /// <summary>A test's mean outputs.</summary>
    /// <param name="outputs">The means.</param>
    /// <param name="loss">The mean loss, or null where it is not told.</param>
    public void TestResult(IReadOnlyList<OutputValue> outputs, float? loss)
    {
        if (loss is { } value)
            write($"Test loss: {Format(value)}");
        Outputs("Test", outputs);
    }

    /// <summary>A snapshot is written.</summary>
    /// <param name="model">The model's path.</param>
    /// <param name="state">The solver state's path.</param>
    /// <param name="format">The format of both.</param>
    public void Snapshotting(string model, string state, SolverParameter.Types.SnapshotFormat format)
    {
        string kind = format == SolverParameter.Types.SnapshotFormat.Hdf5 ? "HDF5" : "binary proto";
        write($"Snapshotting to {kind} file {model}");
        write($"Snapshotting solver state to {kind} file {state}");
    }

    /// <summary>One output line's end: the value and, for a loss, its weighted value.</summary>
    public static string Weighted(OutputValue output) => output.LossWeight == 0
        ? Format(output.Value)
        : $"{Format(output.Value)} (* {Format(output.LossWeight)} = {Format(output.LossWeight * output.Value)} loss)";

    private void Outputs(string what, IReadOnlyList<OutputValue> outputs)
    {
        for (int i = 0; i < outputs.Count; i++)
            write(string.Create(
                CultureInfo.InvariantCulture,
                $"    {what} net output #{i}: {outputs[i].Name} = {Weighted(outputs[i])}"));
    }
}
