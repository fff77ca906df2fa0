namespace CaffeActors.Data.Transforms;

/// <summary>
/// In which order an epoch takes the records: shuffled anew for each epoch, a function of seed, stream and epoch. It
/// keeps the epoch it was asked for last. Not thread-safe.
/// </summary>
/// <param name="count">Records of an epoch, at least 1.</param>
/// <param name="shuffle">Whether they are shuffled; else they come as they lie.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="stream">The number of a stream's name.</param>
internal sealed class EpochOrder(long count, bool shuffle, ulong seed, ulong stream)
{
    private long _epoch = -1;
    private Permutation _order;

    /// <summary>Where a record lies.</summary>
    /// <param name="record">Its number, counted over all epochs.</param>
    /// <returns>0 to count - 1.</returns>
    public long IndexOf(long record)
    {
        long epoch = Math.DivRem(record, count, out long place);
        if (!shuffle)
            return place;
        if (epoch != _epoch)
        {
            _order = new Permutation(count, Permutation.KeyOf(seed, stream, epoch));
            _epoch = epoch;
        }

        return _order[place];
    }
}
