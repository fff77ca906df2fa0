using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api;

/// <summary>
/// One set of weights for many threads: each thread that asks gets a net of its own, in phase TEST, and all nets read
/// the same weights in place. Nets are made when they are needed and kept. Thread-safe. Results do not depend on which
/// net or thread computes them. On a GPU the nets share the device and take turns, a pass at a time.
/// </summary>
public sealed class NetPool : IDisposable
{
    private readonly Func<CaffeNet> _open;
    private readonly CaffeNet _weights;
    private readonly Lock _lock = new();
    private readonly Stack<CaffeNet> _idle = [];
    private int _made;
    private int _lent;
    private bool _disposed;

    /// <summary>Opens a net of a file.</summary>
    /// <param name="file">The net (prototxt), best one with Input layers.</param>
    /// <param name="weights">Weight files, comma-separated.</param>
    /// <param name="options">More; the threads are those of each net: 1 where none are given, so that as many requests
    /// as there are cores run at once.</param>
    /// <exception cref="CaffeException">A file is missing, or weights and net do not fit.</exception>
    public NetPool(string file, string weights, CaffeNetOptions? options = null)
        : this(settings => CaffeNet.Open(file, Phase.Test, settings), weights, options)
    {
    }

    /// <summary>Opens a net of a message.</summary>
    /// <param name="net">The net; its state is TEST unless it says otherwise.</param>
    /// <param name="weights">Weight files, comma-separated; null leaves the net as it was filled.</param>
    /// <param name="options">More.</param>
    /// <exception cref="CaffeException">A file is missing, or weights and net do not fit.</exception>
    public NetPool(NetParameter net, string? weights, CaffeNetOptions? options = null)
        : this(settings => CaffeNet.Open(net, settings), weights, options)
    {
    }

    private NetPool(Func<CaffeNetOptions, CaffeNet> open, string? weights, CaffeNetOptions? options)
    {
        options ??= new CaffeNetOptions();
        options = options with { Threads = options.Threads > 0 ? options.Threads : 1 };
        _weights = open(options with { Weights = weights ?? options.Weights });
        CaffeNetOptions bare = options with { Weights = null, SharedGpu = _weights.Gpu };
        _open = () => open(bare);
    }

    /// <summary>Nets made so far: as many as were used at one time.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _made;
        }
    }

    /// <summary>Lends a net to the calling thread until the lease is disposed. Its parameters are everybody's: they
    /// must not be written.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public NetLease Rent()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var lease = new NetLease(this, _idle.TryPop(out CaffeNet? idle) ? idle : Make());
            _lent++;
            return lease;
        }
    }

    /// <summary>Runs values through a net: inputs take the shapes of the values given.</summary>
    /// <param name="inputs">Values for each input of the net.</param>
    /// <returns>Copies of the outputs.</returns>
    /// <exception cref="CaffeException">Names or shapes do not fit.</exception>
    public IReadOnlyDictionary<string, NdArray> Forward(
        params ReadOnlySpan<(string Input, NdArray Values)> inputs)
    {
        using NetLease lease = Rent();
        CaffeNet net = lease.Net;
        net.RequireAllInputs(inputs);
        bool reshaped = false;
        foreach ((string input, NdArray values) in inputs)
        {
            Blob blob = net.InputBlob(input);
            reshaped |= !blob.Shape.SequenceEqual(values.Shape);
            blob.Reshape(values.Shape);
        }

        if (reshaped)
            net.Reshape();
        return net.Forward(inputs).ToDictionary(output => output.Key, output => NdArray.DataOf(output.Value));
    }

    /// <summary>Frees the nets; those that are lent, when they come back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (CaffeNet net in _idle)
                net.Dispose();
            if (_lent == 0)
                _weights.Dispose();
        }
    }

    internal void Return(CaffeNet net)
    {
        lock (_lock)
        {
            _lent--;
            if (!_disposed)
            {
                _idle.Push(net);
                return;
            }

            net.Dispose();
            // Its device is everybody's.
            if (_lent == 0)
                _weights.Dispose();
        }
    }

    // Sharing counts references to the weights' memory: one net at a time.
    private CaffeNet Make()
    {
        CaffeNet net = _open();
        net.ShareWith(_weights);
        _made++;
        return net;
    }
}
