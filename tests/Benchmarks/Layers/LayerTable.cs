using System.Globalization;
using System.Text;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>
/// What each layer of a net costs, as a table in Markdown: convolution and inner product one by one, or by
/// module, with GFLOP/s and
/// the share of the cores' peak that is measured in between; all others by type. Operations are those of the direct
/// sums, forward and both gradients, where they are computed. The outputs are checked after the measurement.
/// Usage: <c>layers NET BATCH ITERATIONS [THREADS] [infer] [least] [fp16|bf16]</c>.
/// </summary>
internal static class LayerTable
{
    public static int Run(string[] args)
    {
        RunArguments arguments = RunArguments.Parse(args);
        if (arguments.Infer)
        {
            using Replica replica = arguments.Inference();
            LayerClock clock = LayerClock.Infer(replica, arguments.Iterations, arguments.Least);
            return Print(arguments, replica, clock);
        }

        using ReplicaGroup group = arguments.Training();
        return Print(arguments, group.Root, LayerClock.Train(group, arguments.Iterations, arguments.Least));
    }

    private static int Print(RunArguments arguments, Replica replica, LayerClock clock)
    {
        double[] checkedErrors = ReferenceCheck.Run(replica.Net, !arguments.Infer);
        Console.Write(Table(arguments, replica.Net, replica.Device, clock, checkedErrors));
        return checkedErrors.Max() <= ReferenceCheck.Tolerance ? 0 : 1;
    }

    private static string Table(
        RunArguments arguments, Net net, CpuDevice device, LayerClock clock, double[] checkedErrors)
    {
        List<LayerCost> products = [], others = [];
        foreach (NetLayer layer in net.Layers)
        {
            LayerCost cost = LayerCost.Of(layer, clock, !arguments.Infer);
            (cost.IsProduct ? products : others).Add(cost);
        }

        others = [.. others.GroupBy(cost => cost.Type)
            .Select(group => LayerCost.Sum($"{group.Key} ({group.Count()})", [.. group]))
            .OrderByDescending(cost => cost.Milliseconds)];
        if (clock.Update > 0)
            others.Add(new LayerCost("update", "", "", 0, clock.Update, 0));
        LayerCost allProducts = LayerCost.Sum("**convolution and inner product**", products) with
        {
            Algorithm = "",
        };
        LayerCost allOthers = LayerCost.Sum("**all others**", others);
        double winograd = allProducts.WinogradFlops / allProducts.Flops;
        products = [.. products.GroupBy(cost => ModuleOf(cost.Name)).Select(
            group => group.Count() == 1 ? group.First()
                : LayerCost.Sum($"{group.Key} ({group.Count()})", [.. group]))];
        double total = allProducts.Milliseconds + allOthers.Milliseconds;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"### {arguments.Title}").AppendLine();
        text.AppendLine("| layer | by | forward ms | backward ms | GFLOP/s | of the peak | of the time |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (LayerCost cost in (IEnumerable<LayerCost>)[.. products, allProducts, .. others, allOthers])
            text.AppendLine(cost.Row(clock.Peak, total));
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{total:F2} ms in all; {device.Threads} thread(s), kernels {device.Kernels.Name}, peak "
            + $"{clock.Peak / 1e9:F0} GFLOP/s; {(arguments.Least ? "least" : "medians")} of {arguments.Iterations} "
            + $"iterations. Winograd does {100 * winograd:F0} % of the operations. "
            + $"{ReferenceCheck.Tell(checkedErrors, !arguments.Infer)}").AppendLine();
        return text.ToString();
    }

    // Nets of modules have some fifty of these layers, named after their module: res2a_branch1, inception_3a/1x1.
    private static string ModuleOf(string name)
    {
        int end = name.IndexOf('/');
        if (end < 0)
            end = name.IndexOf("_branch", StringComparison.Ordinal);
        return end < 0 ? name : name[..end];
    }
}
