using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Loss;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>Warns, once of each layer and at displays only, of what ends no run but makes it useless: losses that stay
/// near the greatest value they can take, and layers that put out nothing but zeros.</summary>
/// <param name="replica">The replica that is looked at: its passes have run, and its scan has looked at them.</param>
/// <param name="warn">Hears the warnings.</param>
internal sealed class TrainingWarnings(Replica replica, Action<string> warn)
{
    /// <summary>Displays in a row after which a saturated loss is told of.</summary>
    public const int Displays = 3;

    private const double SaturatedShare = 0.5;

    // By rank: displays in a row with a saturated loss, and whether the layer was told of.
    private readonly int[] _saturated = new int[replica.Net.Layers.Count];
    private readonly bool[] _told = new bool[replica.Net.Layers.Count];

    /// <summary>Looks at an iteration that is displayed.</summary>
    /// <param name="iteration">Updates done before it.</param>
    /// <param name="outputs">The train net's outputs.</param>
    public void Look(int iteration, IReadOnlyList<OutputValue> outputs)
    {
        foreach (NetLayer layer in replica.Net.Layers)
        {
            if (_told[layer.Rank])
                continue;
            if (replica.Scan.IsDead(layer.Rank))
            {
                Tell(layer, $"Iteration {iteration}: layer '{layer.Name}' puts out nothing but zeros for the whole "
                    + "batch: nothing is learnt through it. Lower base_lr, begin from an older snapshot or other "
                    + "weights, or give relu_param a negative_slope.");
            }
            else if (layer.Layer is ISaturatingLoss { Greatest: { } greatest })
            {
                LookAtLoss(iteration, layer, greatest, outputs);
            }
        }
    }

    private void LookAtLoss(int iteration, NetLayer layer, float greatest, IReadOnlyList<OutputValue> outputs)
    {
        bool saturated = outputs.Any(
            output => output.Name == layer.TopNames[0] && output.Value >= SaturatedShare * greatest);
        _saturated[layer.Rank] = saturated ? _saturated[layer.Rank] + 1 : 0;
        if (_saturated[layer.Rank] < Displays)
            return;
        double value = outputs.First(output => output.Name == layer.TopNames[0]).Value;
        Tell(layer, $"Iteration {iteration}: loss '{layer.TopNames[0]}' is {LogNumber.Format(value)}, and was near the "
            + $"{LogNumber.Format(greatest)} that an item costs at most for {Displays} displays in a row: the net is "
            + "sure of wrong classes. Lower base_lr, and look at the labels and the scale of the data.");
    }

    private void Tell(NetLayer layer, string text)
    {
        _told[layer.Rank] = true;
        warn(text);
    }
}
