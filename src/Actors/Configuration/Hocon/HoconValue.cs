using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>
/// A value of a resolved configuration, with the place it was written at: that of the value itself where another one
/// refers to it. Immutable.
/// </summary>
public abstract class HoconValue
{
    private protected HoconValue(SourcePlace place) => Place = place;

    /// <summary>What the value is.</summary>
    public abstract HoconKind Kind { get; }

    /// <summary>Where it was written: file, line, column; only a name for values that came from no file.</summary>
    public SourcePlace Place { get; }

    /// <summary>The value in words for an error message: as written, or "a list", "an object".</summary>
    public abstract string Described { get; }

    /// <inheritdoc/>
    public override string ToString() => Described;
}
