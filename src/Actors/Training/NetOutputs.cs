using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>The outputs of a net, element by element, as logs and metrics list them.</summary>
public static class NetOutputs
{
    /// <summary>The present values.</summary>
    public static IReadOnlyList<OutputValue> Of(Net net) =>
        [.. net.OutputNames.SelectMany(name => net.Blob(name).Data.ToArray()
            .Select((value, i) => new OutputValue(name, i, value, net.LossWeightOf(name))))];

    /// <summary>Means of sums over passes, in the same order.</summary>
    public static IReadOnlyList<OutputValue> Of(Net net, double[] sums, int passes)
    {
        int k = 0;
        return [.. net.OutputNames.SelectMany(name => Enumerable.Range(0, net.Blob(name).Count)
            .Select(i => new OutputValue(name, i, sums[k++] / passes, net.LossWeightOf(name))))];
    }
}
