using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Training;

/// <summary>Tells of numbers gone wrong: in which iteration, where they arose, in which records
/// (docs/numbers.md).</summary>
public static class Divergence
{
    private const int NamedRecords = 3;

    /// <summary>The failure of a loss that is NaN or infinite: it names the first parameter or blob, in the order of
    /// the layers, that is.</summary>
    /// <param name="net">The net, after the pass; its blobs are another pass's afterwards.</param>
    /// <param name="iteration">Updates done before the pass.</param>
    /// <param name="loss">The loss.</param>
    public static CaffeException Explain(Net net, int iteration, float loss) => Explain(net, null, iteration, loss);

    /// <summary>The failure of an update that was out of range (<see cref="Optimizer.NotFinite"/>).</summary>
    /// <param name="param">The parameter.</param>
    /// <param name="iteration">Updates done before it.</param>
    /// <param name="net">The net, after the pass; its blobs are another pass's afterwards.</param>
    public static CaffeException OfUpdate(LearnableParam param, int iteration, Net net)
    {
        string what = WhatIsWrong(param);
        return OfUpdate(what, iteration, PassExam.Find(net, null, backward: true), RecordsOf(net));
    }

    internal static CaffeException Explain(Net net, PassStart? start, int iteration, float loss)
    {
        PassFault? fault = PassExam.Find(net, start, backward: false);
        return Failure(iteration, $"the loss is {LogNumber.Format(loss)}", fault is null
            ? "all blobs are finite when they are computed again" : First(fault), RecordsOf(net));
    }

    /// <summary>What is wrong with a parameter whose update was out of range, in words; to be asked for before the pass
    /// is run again.</summary>
    internal static string WhatIsWrong(LearnableParam param) => IsFinite(param.Blob.Diff)
        ? $"the update of '{param.Name}' is out of range (a weight beyond 1.8e19, or an infinite history or norm of "
            + "gradients), though its gradient is finite"
        : $"the gradient of '{param.Name}' is NaN or infinite";

    internal static CaffeException OfUpdate(string what, int iteration, PassFault? fault, string records) =>
        Failure(iteration, what, fault is null ? "all blobs of the pass are finite" : First(fault), records);

    internal static CaffeException OfBlob(PassFault fault, int iteration, float loss, Net net) =>
        Failure(iteration, $"the loss is {LogNumber.Format(loss)}", First(fault), RecordsOf(net));

    /// <summary>The batch that a net has read last, in words: its first records by layer; empty where it reads
    /// none.</summary>
    internal static string RecordsOf(Net net)
    {
        List<string> all = [];
        foreach (NetLayer layer in net.Layers)
        {
            if (layer.Layer is not BatchLayer data || data.RecordNames(NamedRecords) is not { Count: > 0 } names)
                continue;
            int more = data.BatchSize - names.Count;
            all.Add($"record(s) {string.Join(", ", names.Select(name => $"'{name}'"))}"
                + (more > 0 ? $" and {more} more" : "") + $" of layer '{layer.Name}'");
        }

        return string.Join(", ", all);
    }

    private static string First(PassFault fault) => $"the first value that is not finite is in {fault.Where}";

    private static CaffeException Failure(int iteration, string what, string where, string records) =>
        new(ErrorCodes.NotFinite, FailureKind.Diverged,
            $"iteration {iteration}: {what}; {where}; "
            + (records.Length > 0 ? $"the batch is {records}; " : "")
            + "lower base_lr, clip gradients, or look at the data and labels");

    /// <summary>Whether no value is NaN or infinite.</summary>
    internal static bool IsFinite(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                return false;
        }

        return true;
    }
}
