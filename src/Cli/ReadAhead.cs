using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;

namespace CaffeActors.Cli;

/// <summary>
/// Reads ahead for the data layers of a net that a plain loop runs, on a thread each, as far as training would: so what
/// the loop waits for data is what training would wait.
/// </summary>
internal sealed class ReadAhead : IDisposable
{
    private readonly Reader?[] _readers;

    /// <summary>Begins to read.</summary>
    /// <param name="net">The net; nobody has run it yet.</param>
    public ReadAhead(Net net) =>
        _readers = [.. net.Layers.Select(layer =>
            layer.Layer is BatchLayer { PrefetchDepth: > 0 } data ? new Reader(data) : null)];

    /// <summary>Mean milliseconds that one batch of each layer took to read, summed over the layers.</summary>
    public double LoadMilliseconds => _readers.Sum(reader => reader?.LoadMilliseconds ?? 0);

    /// <summary>Whether a layer is read ahead for.</summary>
    public bool Has(int rank) => _readers[rank] is not null;

    /// <summary>Waits for the next batch of a layer, which its next forward pass then hands out.</summary>
    /// <param name="rank">The layer; nothing happens where it is not read ahead for.</param>
    public void Deliver(int rank) => _readers[rank]?.Deliver();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Reader? reader in _readers)
            reader?.Dispose();
    }

    private sealed class Reader : IDisposable
    {
        private readonly BatchLayer _layer;
        private readonly BlockingCollection<Batch> _free = [];
        private readonly BlockingCollection<Batch> _full = [];
        private readonly List<Batch> _batches = [];
        private readonly Thread _thread;
        private ExceptionDispatchInfo? _failure;
        private Batch? _inUse;
        private long _ticks;
        private int _loads;

        public Reader(BatchLayer layer)
        {
            _layer = layer;
            // One more than are read ahead: the one in use.
            for (int i = 0; i <= layer.PrefetchDepth; i++)
            {
                _batches.Add(layer.CreateBatch());
                _free.Add(_batches[i]);
            }

            _thread = new Thread(Run) { IsBackground = true, Name = $"read-{layer.Name}" };
            _thread.Start();
        }

        public double LoadMilliseconds =>
            Volatile.Read(ref _ticks) * 1000.0 / Stopwatch.Frequency / Math.Max(1, Volatile.Read(ref _loads));

        public void Deliver()
        {
            if (!_full.TryTake(out Batch? batch, Timeout.Infinite))
                _failure!.Throw();
            _layer.Deliver(batch);
            if (_inUse is not null)
                _free.Add(_inUse);
            _inUse = batch;
        }

        public void Dispose()
        {
            _free.CompleteAdding();
            _thread.Join();
            foreach (Batch batch in _batches)
                batch.Dispose();
            _free.Dispose();
            _full.Dispose();
        }

        private void Run()
        {
            try
            {
                foreach (Batch batch in _free.GetConsumingEnumerable())
                {
                    if (_free.IsAddingCompleted)
                        return;
                    long start = Stopwatch.GetTimestamp();
                    _layer.Load(batch);
                    Volatile.Write(ref _ticks, _ticks + Stopwatch.GetTimestamp() - start);
                    Volatile.Write(ref _loads, _loads + 1);
                    _full.Add(batch);
                }
            }
#pragma warning disable CA1031 // The loop that waits for the batch throws it.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
                _full.CompleteAdding();
            }
        }
    }
}
