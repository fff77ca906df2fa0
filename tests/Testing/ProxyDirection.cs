namespace CaffeActors.Testing;

/// <summary>Which way bytes go through a <see cref="TcpProxy"/>.</summary>
[Flags]
public enum ProxyDirection
{
    /// <summary>From those who connect to the one behind the proxy.</summary>
    ToTarget = 1,

    /// <summary>From the one behind the proxy to those who connect.</summary>
    ToClient = 2,

    /// <summary>Both ways.</summary>
    Both = ToTarget | ToClient,
}
