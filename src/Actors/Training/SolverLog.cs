using System.Globalization;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using static CaffeActors.Compute.Diagnostics.LogNumber;

namespace CaffeActors.Actors.Training;

/// <summary>The lines of training that Caffe's users' scripts read. Their fixed parts must not change.</summary>
internal sealed class SolverLog(RunLog log)
{
    public void Solving(string net, string policy)
    {
        log.Info($"Solving {net}");
        log.Info($"Learning Rate Policy: {policy}");
    }

    public void Iteration(int iteration, int since, TimeSpan elapsed, double loss)
    {
        double seconds = elapsed.TotalSeconds;
        string rate = Format(seconds > 0 ? since / seconds : 0);
        log.Info($"Iteration {iteration} ({rate} iter/s, {Format(Math.Round(seconds, 3))}s/{since} iters), loss = "
            + $"{Format(loss)}");
    }

    public void Rate(int iteration, float rate) => log.Info($"Iteration {iteration}, lr = {Format(rate)}");

    public void FinalLoss(int iteration, double loss) => log.Info($"Iteration {iteration}, loss = {Format(loss)}");

    public void TrainOutputs(IReadOnlyList<OutputValue> outputs) => Outputs("Train", outputs);

    public void Testing(int iteration, int net) => log.Info($"Iteration {iteration}, Testing net (#{net})");

    public void TestResult(TestDone test, bool withLoss)
    {
        if (withLoss)
            log.Info($"Test loss: {Format(test.Loss)}");
        Outputs("Test", test.Outputs);
    }

    /// <summary>One output line's end: the value and, for a loss, its weighted value.</summary>
    public static string Weighted(OutputValue output) => output.LossWeight == 0
        ? Format(output.Value)
        : $"{Format(output.Value)} (* {Format(output.LossWeight)} = {Format(output.LossWeight * output.Value)} loss)";

    private void Outputs(string what, IReadOnlyList<OutputValue> outputs)
    {
        for (int i = 0; i < outputs.Count; i++)
            log.Info(string.Create(
                CultureInfo.InvariantCulture,
                $"    {what} net output #{i}: {outputs[i].Name} = {Weighted(outputs[i])}"));
    }
}
