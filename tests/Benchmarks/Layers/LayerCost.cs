using System.Globalization;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>What a layer, or some together, take of an iteration.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Algorithm">How it computes, where it tells.</param>
/// <param name="Forward">Milliseconds forward.</param>
/// <param name="Backward">Milliseconds backward.</param>
/// <param name="Flops">Operations of both.</param>
internal sealed record LayerCost(
    string Name, string Type, string? Algorithm, double Forward, double Backward, double Flops)
{
    /// <summary>Whether its operations are counted: those of other layers say nothing about them.</summary>
    public bool IsProduct => Type is "Convolution" or "InnerProduct";

    /// <summary>Of both.</summary>
    public double Milliseconds => Forward + Backward;

    /// <summary>The cost of a layer; operations are counted as many times as there are sums of that size.</summary>
    public static LayerCost Of(NetLayer layer, LayerClock clock, bool trains)
    {
        int sums = 1;
        if (trains && layer.NeedBackward)
        {
            sums += layer.Layer.ParamPropagateDown.FirstOrDefault() ? 1 : 0;
            sums += layer.BottomNeedBackward.FirstOrDefault() ? 1 : 0;
        }

        return new LayerCost(
            layer.Name, layer.Layer.Type, layer.Layer.Algorithm, clock.ForwardOf(layer.Rank),
            clock.BackwardOf(layer.Rank), (double)sums * layer.Layer.ForwardFlops(layer.Bottom, layer.Top));
    }

    /// <summary>Several together.</summary>
    public static LayerCost Sum(string name, IReadOnlyCollection<LayerCost> costs)
    {
        string[] algorithms = [.. costs.Select(cost => cost.Algorithm).OfType<string>().Distinct()];
        return new LayerCost(
            name, "", algorithms.Length == 0 ? null : string.Join(", ", algorithms), costs.Sum(cost => cost.Forward),
            costs.Sum(cost => cost.Backward), costs.Where(cost => cost.IsProduct).Sum(cost => cost.Flops));
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
