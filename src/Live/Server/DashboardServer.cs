using System.Net;
using System.Net.Sockets;
using CaffeActors.Compute.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CaffeActors.Live.Server;

/// <summary>
/// The HTTP server of a run: Kestrel without the rest of a web host, which would take signals and settings of its own.
/// It answers from what is in memory, on the thread pool; a client that is slow, or never reads, is cut off and holds
/// nobody up.
/// </summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>The first port that is tried where none is named.</summary>
    public const int FirstPort = 8642;

    private const int Tries = 20;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;

    private DashboardServer(KestrelServer server, IPEndPoint endPoint) => (_server, EndPoint) = (server, endPoint);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Begins to listen.</summary>
    /// <param name="address">The address.</param>
    /// <param name="port">The port, 0 for any; null for the first free one from <see cref="FirstPort"/> on.</param>
    /// <param name="handle">Answers a request.</param>
    /// <exception cref="CaffeException">CFA1006: it cannot.</exception>
    public static async Task<DashboardServer> StartAsync(IPAddress address, int? port, RequestDelegate handle)
    {
        for (int tried = 0; port is null && tried < Tries; tried++)
        {
            try
            {
                return await ListenAsync(new IPEndPoint(address, FirstPort + tried), handle);
            }
            catch (IOException failure) when (failure.InnerException is AddressInUseException)
            {
                // Another run's, most likely: the next one is as good.
            }
            catch (Exception failure) when (IsNetworkFailure(failure))
            {
                throw CannotListen(address, FirstPort + tried, failure);
            }
        }

        try
        {
            return await ListenAsync(new IPEndPoint(address, port ?? 0), handle);
        }
        catch (Exception failure) when (IsNetworkFailure(failure))
        {
            throw CannotListen(address, port ?? 0, failure);
        }
    }

    /// <summary>Takes no more requests, gives those that are under way a second, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(_patience);
        await _server.StopAsync(patience.Token);
        _server.Dispose();
    }

    private static async Task<DashboardServer> ListenAsync(IPEndPoint endPoint, RequestDelegate handle)
    {
        IPEndPoint bound = endPoint;
        var options = new KestrelServerOptions { AddServerHeader = false, AllowResponseHeaderCompression = false };
        options.Limits.MaxConcurrentConnections = 64;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.MaxRequestHeadersTotalSize = 16 << 10;
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        ListenOptions? listening = null;
        options.Listen(endPoint, listen => (listening = listen).Protocols = HttpProtocols.Http1);
        var server = new KestrelServer(
            Options.Create(options),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
        try
        {
            await server.StartAsync(new DashboardApplication(handle), CancellationToken.None);
            bound = listening?.IPEndPoint ?? bound;
            return new DashboardServer(server, bound);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private static bool IsNetworkFailure(Exception failure) =>
        failure is IOException or SocketException or InvalidOperationException;

    private static CaffeException CannotListen(IPAddress address, int port, Exception failure)
    {
        string why = failure.InnerException is AddressInUseException ? "it is in use" : failure.Message.TrimEnd('.');
        return new CaffeException(ErrorCodes.CannotListen, FailureKind.Configuration,
            $"the dashboard cannot listen on {new IPEndPoint(address, port)}: {why}; name another port "
            + "(--dashboard PORT), or none to take the first that is free", inner: failure);
    }
}
