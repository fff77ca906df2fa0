using CaffeActors.Data.Hdf5;

namespace CaffeActors.Data.Sources.Hdf5;

/// <summary>
/// The rows of a dataset, read in blocks of which a set number stay in memory: a block that was not used since the
/// others were looked at makes room for a new one. Not thread-safe.
/// </summary>
internal sealed class RowCache
{
    // Long reads cost less for each byte; of short ones fewer bytes are thrown away where rows are taken at random.
    private const long LongRead = 1 << 20, ShortRead = 1 << 14;

    private readonly Hdf5Dataset _dataset;
    private readonly int _rowLength;
    private readonly int _blockRows;
    private readonly float[]?[] _blocks;
    private readonly long[] _held;
    private readonly bool[] _used;
    private readonly Dictionary<long, int> _places = [];
    private int _hand;
    private int _latest;

    /// <summary>Chooses block and number of blocks; nothing is read yet.</summary>
    /// <param name="dataset">The dataset; its first axis counts rows, at least one.</param>
    /// <param name="rowLength">Values of a row, at least 1.</param>
    /// <param name="bytes">Memory it may use; it takes one row's at least.</param>
    /// <param name="shuffled">Whether rows are asked for in no order.</param>
    public RowCache(Hdf5Dataset dataset, int rowLength, long bytes, bool shuffled)
    {
        (_dataset, _rowLength) = (dataset, rowLength);
        long count = dataset.Lengths[0], rowBytes = (long)rowLength * sizeof(float);
        bool fits = count <= bytes / rowBytes;
        long rows = Math.Max(1, (shuffled && !fits ? ShortRead : LongRead) / rowBytes);
        // Whole chunks: to read a part of one, all of it is unpacked.
        if (dataset.ChunkRows > 0)
            rows = Math.Max(1, rows / dataset.ChunkRows) * dataset.ChunkRows;
        _blockRows = (int)Math.Clamp(Math.Min(rows, bytes / rowBytes), 1, Math.Min(count, Array.MaxLength / rowLength));
        // Rows in order come to a block once.
        long most = fits || shuffled ? Math.Max(1, bytes / (_blockRows * rowBytes)) : 1;
        int slots = (int)Math.Min(most, ((count - 1) / _blockRows) + 1);
        _blocks = new float[slots][];
        _held = new long[slots];
        _used = new bool[slots];
        Array.Fill(_held, -1);
    }

    /// <summary>Bytes of the blocks in memory.</summary>
    public long Bytes => _blocks.Sum(block => (long)(block?.Length ?? 0) * sizeof(float));

    /// <summary>A row's values, until the next call.</summary>
    public ReadOnlySpan<float> Row(long row)
    {
        (long block, long place) = Math.DivRem(row, _blockRows);
        if (_held[_latest] != block)
            _latest = _places.TryGetValue(block, out int slot) ? slot : Read(block);
        _used[_latest] = true;
        return _blocks[_latest].AsSpan((int)place * _rowLength, _rowLength);
    }

    private int Read(long block)
    {
        while (_used[_hand])
        {
            _used[_hand] = false;
            _hand = (_hand + 1) % _held.Length;
        }

        int slot = _hand;
        _hand = (_hand + 1) % _held.Length;
        _places.Remove(_held[slot]);
        // A block that cannot be read is not taken for one.
        _held[slot] = -1;
        float[] target = _blocks[slot] ??= new float[_blockRows * _rowLength];
        long first = block * _blockRows;
        _dataset.ReadRows(first, (int)Math.Min(_blockRows, _dataset.Lengths[0] - first), target);
        _held[slot] = block;
        _places[block] = slot;
        return slot;
    }
}
