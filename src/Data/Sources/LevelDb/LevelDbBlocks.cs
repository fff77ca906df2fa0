namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>The records of consecutive blocks: one table's, or those of a level from 1 on.</summary>
/// <param name="tables">The tables.</param>
/// <param name="from">The first block.</param>
/// <param name="to">The first block that is none of them.</param>
internal sealed class LevelDbBlocks(LevelDbTables tables, int from, int to) : LevelDbEntries
{
    private readonly LevelDbBlockCursor _cursor = new(tables);
    private int _block = from - 1;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Key => _cursor.Key;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Value => _cursor.Value;

    /// <inheritdoc/>
    public override int Block => _block;

    /// <inheritdoc/>
    public override int Entry => _cursor.Entry;

    /// <inheritdoc/>
    public override bool Next()
    {
        while (_block < from || !_cursor.Next())
        {
            if (_block + 1 == to)
                return false;
            _cursor.Load(tables.Blocks[++_block]);
        }

        return true;
    }

    /// <inheritdoc/>
    public override Exception Damaged(string what) => _cursor.Damaged(what);
}
