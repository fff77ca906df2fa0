using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>Which layers belong to a net in a state: phase, level and stages.</summary>
public static class NetStates
{
    /// <summary>
    /// The state of a net built for a phase: <paramref name="phase"/>, overridden in turn by each of
    /// <paramref name="overrides"/>; stages add up.
    /// </summary>
    public static NetState Merge(Phase phase, params ReadOnlySpan<NetState?> overrides)
    {
        var state = new NetState { Phase = phase };
        foreach (NetState? other in overrides)
        {
            if (other is not null)
                state.MergeFrom(other);
        }

        return state;
    }

    /// <summary>A copy of the net with the layers of its state only.</summary>
    /// <param name="net">The net; its <c>state</c> decides.</param>
    /// <param name="notice">Hears why a layer was left out.</param>
    /// <exception cref="CaffeException">A layer has both include and exclude rules.</exception>
    public static NetParameter Filter(NetParameter net, Action<string> notice)
    {
        NetState state = net.State ?? new NetState();
        var filtered = new NetParameter(net);
        filtered.Layer.Clear();
        foreach (LayerParameter layer in net.Layer)
        {
            if (Includes(layer, state, notice))
                filtered.Layer.Add(layer.CloneWithPlaces());
        }

        return filtered.WithPlaceOf(net);
    }

    private static bool Includes(LayerParameter layer, NetState state, Action<string> notice)
    {
        if (layer.Include.Count > 0 && layer.Exclude.Count > 0)
        {
            throw new CaffeException(ErrorCodes.BadNet, FailureKind.Configuration,
                $"layer '{layer.Name}' has include and exclude rules; give one kind or the other",
                SourcePlaces.Of(layer));
        }

        if (layer.Include.Count > 0)
            return layer.Include.Any(rule => IsMet(rule, state, layer.Name, notice));
        return !layer.Exclude.Any(rule => IsMet(rule, state, layer.Name, notice));
    }

    private static bool IsMet(NetStateRule rule, NetState state, string layer, Action<string> notice)
    {
        string? failed =
            rule.HasPhase && rule.Phase != state.Phase
                ? $"phase {Name(state.Phase)} is not the {Name(rule.Phase)}"
            : rule.HasMinLevel && state.Level < rule.MinLevel
                ? $"level {state.Level} is below the min_level {rule.MinLevel}"
            : rule.HasMaxLevel && state.Level > rule.MaxLevel
                ? $"level {state.Level} is above the max_level {rule.MaxLevel}"
            : rule.Stage.FirstOrDefault(stage => !state.Stage.Contains(stage)) is { } missing
                ? $"stages lack the '{missing}'"
            : rule.NotStage.FirstOrDefault(stage => state.Stage.Contains(stage)) is { } present
                ? $"stages have the '{present}' that is excluded"
            : null;
        if (failed is null)
            return true;
        notice($"The net's {failed} of a rule in layer {layer}");
        return false;
    }

    private static string Name(Phase phase) => phase == Phase.Train ? "TRAIN" : "TEST";
}
