namespace CaffeActors.Api;

/// <summary>A net lent by a <see cref="NetPool"/>, to one thread at a time.</summary>
public sealed class NetLease : IDisposable
{
    private readonly NetPool _pool;
    private CaffeNet? _net;

    internal NetLease(NetPool pool, CaffeNet net)
    {
        _pool = pool;
        _net = net;
    }

    /// <summary>The net.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public CaffeNet Net => _net ?? throw new ObjectDisposedException(nameof(NetLease));

    /// <summary>Gives the net back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _net, null) is { } net)
            _pool.Return(net);
    }
}
