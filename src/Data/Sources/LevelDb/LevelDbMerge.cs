namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// The records that hold, out of several parts of a LevelDB: of equal keys the newest, and none that was deleted.
/// Not thread-safe.
/// </summary>
/// <param name="parts">The parts, each in the order of its internal keys.</param>
internal sealed class LevelDbMerge(IEnumerable<LevelDbEntries> parts)
{
    private readonly List<LevelDbEntries> _parts = [.. parts.Where(part => part.Next())];
    private LevelDbEntries? _current;
    private byte[] _key = [];
    private int _keyLength = -1;

    /// <summary>The part that has the record.</summary>
    public LevelDbEntries Current => _current ?? throw new InvalidOperationException("Next was not called.");

    /// <summary>The record's key, as the user knows it.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>Goes to the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">A part is damaged or not in order.</exception>
    public bool Next()
    {
        if (_current is not null)
            Advance(_current);
        _current = null;
        while (Least() is { } least)
        {
            ReadOnlySpan<byte> key = InternalKey.UserKey(least.Key);
            int order = _keyLength < 0 ? 1 : key.SequenceCompareTo(Key);
            if (order < 0)
                throw least.Damaged($"the key of entry {least.Entry} is less than the one before");
            bool deleted = (byte)InternalKey.Tail(least.Key) switch
            {
                LevelDbFormat.Value => false,
                LevelDbFormat.Deletion => true,
                byte kind => throw least.Damaged($"entry {least.Entry} is of kind {kind}; there are 0 and 1"),
            };
            if (order > 0)
                Keep(key);
            if (order > 0 && !deleted)
            {
                _current = least;
                return true;
            }

            Advance(least);
        }

        return false;
    }

    private LevelDbEntries? Least()
    {
        LevelDbEntries? least = null;
        foreach (LevelDbEntries part in _parts)
        {
            if (part.Key.Length < LevelDbFormat.KeyTail)
                throw part.Damaged($"the key of entry {part.Entry} has only {part.Key.Length} bytes");
            if (least is null || InternalKey.Compare(part.Key, least.Key) < 0)
                least = part;
        }

        return least;
    }

    private void Advance(LevelDbEntries part)
    {
        if (!part.Next())
            _parts.Remove(part);
    }

    private void Keep(ReadOnlySpan<byte> key)
    {
        if (_key.Length < key.Length)
            _key = new byte[Math.Max(key.Length, 2 * _key.Length)];
        key.CopyTo(_key);
        _keyLength = key.Length;
    }
}
