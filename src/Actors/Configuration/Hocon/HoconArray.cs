using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>A list of values.</summary>
/// <param name="items">The values, in order.</param>
/// <param name="place">Where the list begins.</param>
public sealed class HoconArray(IReadOnlyList<HoconValue> items, SourcePlace place) : HoconValue(place)
{
    /// <inheritdoc/>
    public override HoconKind Kind => HoconKind.Array;

    /// <summary>The values, in order.</summary>
    public IReadOnlyList<HoconValue> Items => items;

    /// <inheritdoc/>
    public override string Described => "a list";
}
