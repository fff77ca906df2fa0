using System.Globalization;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>What a layer, or some together, take of an iteration.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Algorithm">How it computes, where it tells: forward, data gradient, weight gradient where they
/// differ.</param>
/// <param name="Forward">Milliseconds forward.</param>
/// <param name="Backward">Milliseconds backward.</param>
/// <param name="Flops">Operations of both.</param>
/// <param name="WinogradFlops">Those of them in passes that Winograd's method does.</param>
internal sealed record LayerCost(
    string Name, string Type, string Algorithm, double Forward, double Backward, double Flops,
    double WinogradFlops = 0)
{
    /// <summary>Whether its operations are counted: those of other layers say nothing about them.</summary>
    public bool IsProduct => Type is "Convolution" or "InnerProduct";

    /// <summary>Of both.</summary>
    public double Milliseconds => Forward + Backward;

    /// <summary>The cost of a layer; operations are counted as many times as there are sums of that size.</summary>
    public static LayerCost Of(NetLayer layer, LayerClock clock, bool trains)
    {
        List<int> passes = [0];
        if (trains && layer.NeedBackward && layer.BottomNeedBackward.FirstOrDefault())
            passes.Add(1);
        if (trains && layer.NeedBackward && layer.Layer.ParamPropagateDown.FirstOrDefault())
            passes.Add(2);
        double flops = layer.Layer.ForwardFlops(layer.Bottom, layer.Top);
        string[] algorithms = layer.Layer.Algorithms.Count == 0 ? []
            : [.. passes.Select(pass => layer.Layer.Algorithms[pass])];
        int winograd = algorithms.Count(name => name.StartsWith("Winograd", StringComparison.Ordinal));
        if (algorithms.Distinct().Count() == 1)
            algorithms = algorithms[..1];
        return new LayerCost(
            layer.Name, layer.Layer.Type, string.Join(" / ", algorithms),
            clock.ForwardOf(layer.Rank), clock.BackwardOf(layer.Rank), passes.Count * flops,
            winograd * flops);
    }

    /// <summary>Several together.</summary>
    public static LayerCost Sum(string name, IReadOnlyCollection<LayerCost> costs)
    {
        List<LayerCost> products = [.. costs.Where(cost => cost.IsProduct)];
        return new LayerCost(
            name, "", string.Join(", ", products.Select(cost => cost.Algorithm).Distinct()),
            costs.Sum(cost => cost.Forward), costs.Sum(cost => cost.Backward), products.Sum(cost => cost.Flops),
            products.Sum(cost => cost.WinogradFlops));
    }

    /// <summary>A row of the table.</summary>
    /// <param name="peak">What the cores could do, in operations a second.</param>
    /// <param name="total">Milliseconds of the whole iteration.</param>
    public string Row(double peak, double total)
    {
        double rate = Flops / Milliseconds * 1e3;
        string speed = Flops > 0 && Milliseconds > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{rate / 1e9:F0} | {100 * rate / peak:F0} %") : " | ";
        return string.Create(CultureInfo.InvariantCulture,
            $"| {Name} | {Algorithm} | {Forward:F2} | {Backward:F2} | {speed} | {100 * Milliseconds / total:F1} % |");
    }
}
