using System.Globalization;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Layers;

/// <summary>
/// A layer whose tops are read from somewhere: no bottoms, nothing learnt, no gradient. Reading (<see cref="Load"/>)
/// and handing out (<see cref="Layer.Forward"/>) are apart, so that another thread may read ahead:
/// <code>
/// Batch batch = layer.CreateBatch();   // as many as are to be read ahead, and one more
/// layer.Load(batch);                   // one call at a time, on any thread; also while Forward runs
/// layer.Deliver(batch);                // the layer's thread: the next Forward hands this batch out
/// layer.Forward([], tops);             // the tops alias the batch's memory until the Forward after the next Deliver
/// </code>
/// Without <see cref="Deliver"/>, Forward reads by itself; the two ways don't mix in one run.
/// <para>
/// Records are numbered from 0 over all epochs: record i is record i mod count of epoch i / count. The layer's state
/// is one number, <see cref="Position"/>: the first record that no forward pass has consumed (what was only read
/// ahead does not count). What a record looks like, its place in a shuffled epoch and its random crop included,
/// follows from the run's seed and its number alone, so <see cref="Seek"/> needs no replay.
/// </para>
/// <para>
/// Replicas deal in TRAIN: of all records, replica r of n takes those with i mod n = r, so a pass of all replicas
/// together moves each one's position by n times the batch. With a <see cref="LayerContext.Row"/> it takes
/// its row of each round, as its passes come to them; between two rounds the positions of all replicas are equal. In
/// TEST every replica reads all.
/// </para>
/// </summary>
public abstract class BatchLayer : Layer
{
    private Batch? _own;
    private Batch? _delivered;
    private Batch? _current;
    private long _next;
    // Records of this replica's row that are read, where it deals in rows.
    private long _row;
    private bool _shaped;

    /// <summary>Takes the layer's message.</summary>
    protected BatchLayer(LayerParameter parameter)
        : base(parameter)
    {
    }

    /// <inheritdoc/>
    public override int ExactBottoms => 0;

    /// <summary>Records in a batch.</summary>
    public abstract int BatchSize { get; }

    /// <summary>Records in an epoch, or null where that is not known.</summary>
    public abstract long? RecordCount { get; }

    /// <summary>
    /// Batches worth reading ahead: <c>data_param.prefetch</c>, default 4, at most 1024; 0 where there is nothing to
    /// gain.
    /// </summary>
    public virtual int PrefetchDepth => (int)Math.Min(Parameter.DataParam?.Prefetch ?? 4, 1024);

    /// <summary>
    /// The number of the first record that no forward pass has consumed, over all replicas and epochs.
    /// </summary>
    public long Position { get; private set; }

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <summary>A batch for <see cref="Load"/>. Valid after SetUp.</summary>
    public Batch CreateBatch() => new(TopCount);

    /// <summary>
    /// Reads the next records into a batch. One call at a time, but on any thread. After a failure the next call
    /// reads the same records again.
    /// </summary>
    /// <exception cref="CaffeException">A record is missing, damaged or does not fit; the message
    /// names its key.</exception>
    public void Load(Batch batch)
    {
        batch.ClearKeys();
        if (Row is { } row)
        {
            batch.First = _next + row.Offset;
            LoadRecords(batch, batch.First);
            (_next, _row) = (_next + BatchSize, _row + BatchSize);
            if (_row >= row.Count)
                (_next, _row) = (_next + row.Round - row.Count, 0);
        }
        else
        {
            batch.First = FirstOwn(_next);
            LoadRecords(batch, batch.First);
            _next += (long)BatchSize * Stride;
        }

        batch.PositionAfter = _next;
    }

    /// <summary>
    /// Makes the next forward pass hand out a batch. The batch of the pass before is free from that pass on.
    /// </summary>
    public void Deliver(Batch batch) => _delivered = batch;

    /// <summary>
    /// Sets where the next <see cref="Load"/> reads. To be called before the first one or while none is under way;
    /// batches read before are void.
    /// </summary>
    /// <param name="position">A record number, at least 0: what <see cref="Position"/> told.</param>
    public void Seek(long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        Position = _next = position;
        _row = 0;
        _delivered = null;
    }

    /// <summary>The key of a record of the batch handed out last, as error messages name it.</summary>
    /// <param name="item">Its place in the batch.</param>
    /// <exception cref="InvalidOperationException">There was no forward pass yet.</exception>
    public string RecordKey(int item) =>
        _current?.RecordKey(item)
        ?? throw new InvalidOperationException($"Layer '{Name}' has handed out no batch yet.");

    /// <summary>How long its next batch may be waited for.</summary>
    public TimeSpan WaitLimit => Context.WaitLimit;

    /// <summary>Tells the run's log that a batch has been waited for, and from where it is to come.</summary>
    /// <param name="waited">How long.</param>
    public void NoteWait(TimeSpan waited) => Context.Notice(string.Create(CultureInfo.InvariantCulture,
        $"layer '{Name}' has waited {waited.TotalSeconds:F0} s for its next batch from '{SourcePath}'; if it lies on "
        + $"a share, see whether that still answers. The run ends after {WaitLimit.TotalSeconds:F0} s; a second "
        + $"SIGINT ends it at once."));

    /// <summary>What is wrong once a batch has been waited for longer than it may; null before.</summary>
    /// <param name="waited">How long.</param>
    public CaffeException? WaitFailure(TimeSpan waited) => waited < WaitLimit ? null
        : new CaffeException(ErrorCodes.TakesTooLong, FailureKind.Data, string.Create(CultureInfo.InvariantCulture,
            $"layer '{Name}' got no batch from '{SourcePath}' within {WaitLimit.TotalSeconds:F0} s; see whether "
            + $"the disk or share still answers, or set run.wait-limit higher"), SourcePlaces.Of(Parameter));

    /// <summary>What the first records of the batch handed out last are called: their keys, or, where the layer tells
    /// none, their numbers within the epoch, from 0. Empty before the first forward pass.</summary>
    /// <param name="most">How many are wanted at most.</param>
    public IReadOnlyList<string> RecordNames(int most)
    {
        if (_current is not { } batch)
            return [];
        return batch.KeyCount > 0
            ? [.. Enumerable.Range(0, Math.Min(most, batch.KeyCount)).Select(batch.RecordKey)]
            : [.. Enumerable.Range(0, Math.Min(most, BatchSize)).Select(item => Number(batch.First, item))];
    }

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        // Only once: later a Load may be under way on another thread, and each forward pass gives the tops its batch's
        // shapes.
        if (_shaped)
            return;
        ShapeTops(top);
        _shaped = true;
    }

    /// <summary>Number of tops the layer was set up with.</summary>
    protected int TopCount { get; private set; }

    /// <summary>How far two records of this replica are apart: the number of replicas in TRAIN, else 1.</summary>
    protected virtual int Stride => Phase == Phase.Train && Row is null ? Context.SolverCount : 1;

    /// <summary>The record number the next <see cref="Load"/> starts from.</summary>
    protected long NextPosition => _next;

    /// <summary>From where the records come, for messages. Default: empty.</summary>
    protected virtual string SourcePath => "";

    /// <summary>Opens the source and checks the parameters; called once.</summary>
    protected abstract void Open();

    /// <summary>Shapes the tops as the first batch will; called once, at SetUp.</summary>
    protected abstract void ShapeTops(Blob[] top);

    /// <summary>
    /// Fills a batch with the records first, first + <see cref="Stride"/>, ... and tells it their keys. May run on
    /// another thread than the layer's.
    /// </summary>
    protected abstract void LoadRecords(Batch batch, long first);

    /// <inheritdoc/>
    protected sealed override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        TopCount = top.Length;
        Open();
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        Batch? batch = _delivered;
        if (batch is null)
        {
            batch = _own ??= CreateBatch();
            Load(batch);
        }

        _delivered = null;
        for (int i = 0; i < top.Length; i++)
        {
            top[i].ReshapeLike(batch.Tops[i]);
            top[i].ShareData(batch.Tops[i]);
        }

        _current = batch;
        Position = batch.PositionAfter;
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _own?.Dispose();
        base.Dispose(disposing);
    }

    private RecordRow? Row => Phase == Phase.Train ? Context.Row : null;

    private string Number(long first, int item)
    {
        long number = first + ((long)item * Stride);
        return (RecordCount is > 0 and { } count ? number % count : number).ToString(CultureInfo.InvariantCulture);
    }

    // The smallest record number from a position on that is dealt to this replica.
    private long FirstOwn(long position)
    {
        int rank = Stride == 1 ? 0 : Context.SolverRank;
        return position + ((((rank - position) % Stride) + Stride) % Stride);
    }
}
