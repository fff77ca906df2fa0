namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>Records of a LevelDB in the order of their internal keys; a part of it.</summary>
internal abstract class LevelDbEntries
{
    /// <summary>The internal key; valid until <see cref="Next"/>.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    /// <summary>The value; valid until <see cref="Next"/>.</summary>
    public abstract ReadOnlySpan<byte> Value { get; }

    /// <summary>The block the record is in, or <see cref="LevelDbMemory.NoBlock"/>.</summary>
    public abstract int Block { get; }

    /// <summary>Its number there.</summary>
    public abstract int Entry { get; }

    /// <summary>Goes to the next record.</summary>
    /// <returns>False at the end.</returns>
    public abstract bool Next();

    /// <summary>An error that names where the record is.</summary>
    public abstract Exception Damaged(string what);
}
