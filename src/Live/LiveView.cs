using System.Net;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Live.Export;
using CaffeActors.Live.Server;
using OpenTelemetry.Metrics;

namespace CaffeActors.Live;

/// <summary>
/// All that looks at a run from outside while it goes on: the dashboard with <c>/metrics</c>, and the export to a
/// collector. Begun before the run, ended after it.
/// </summary>
public sealed class LiveView : IAsyncDisposable
{
    // How long a page that is open may take to hear of the end; it asks each second.
    private static readonly TimeSpan _lastLook = TimeSpan.FromSeconds(2);

    private readonly LiveRun _run;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly MeterProvider? _otlp;
    private PrometheusFigures? _prometheus;
    private DashboardPages? _pages;
    private DashboardServer? _server;

    private LiveView(LiveSettings settings, bool exports, RunLog log, TimeProvider time)
    {
        _log = log;
        _time = time;
        _run = new LiveRun(time);
        _otlp = exports ? OtlpExport.Start(settings.Otlp) : null;
        log.Warned += _run.OnWarning;
    }

    /// <summary>What watches the run.</summary>
    public IRunObserver Observer => _run;

    /// <summary>Where the dashboard is; null where there is none.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Begins to listen, if anybody is to look.</summary>
    /// <param name="settings">Who may look.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="log">Hears where the dashboard is.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Null where nobody is to look.</returns>
    /// <exception cref="CaffeException">CFA1006: the port is in use, or the address is not this machine's; CFA1003,
    /// CFA1005: the token does not do.</exception>
    public static async Task<LiveView?> StartAsync(
        LiveSettings settings, Func<string, string?> environment, RunLog log, TimeProvider time)
    {
        bool exports = OtlpExport.IsWanted(settings.Otlp, environment);
        if (!settings.Dashboard.Enabled && !exports)
            return null;
        var view = new LiveView(settings, exports, log, time);
        try
        {
            if (settings.Dashboard.Enabled)
                await view.ListenAsync(settings.Dashboard, environment);
            return view;
        }
        catch
        {
            await view.DisposeAsync();
            throw;
        }
    }

    /// <summary>Shows how the run ended: a page that is open is let to see it.</summary>
    /// <param name="outcome">How.</param>
    public async Task EndAsync(RunOutcome outcome)
    {
        _run.Finish(outcome);
        if (_pages is { IsWatched: true } pages)
            await Task.WhenAny(pages.EndSeen, Task.Delay(_lastLook, _time));
    }

    /// <summary>Stops listening, and sends what is still to be sent.</summary>
    public async ValueTask DisposeAsync()
    {
        _log.Warned -= _run.OnWarning;
        if (_server is not null)
            await _server.DisposeAsync();
        _prometheus?.Dispose();
        _otlp?.Dispose();
    }

    private async Task ListenAsync(DashboardSettings settings, Func<string, string?> environment)
    {
        IPAddress address = IPAddress.TryParse(settings.Address, out IPAddress? given) ? given
            : throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                $"the dashboard's address is an IP address, such as 127.0.0.1 or 0.0.0.0, not '{settings.Address}'");
        (string? token, bool isFresh) = TokenChoice.Of(settings, environment, IPAddress.IsLoopback(address));
        _prometheus = new PrometheusFigures();
        _pages = new DashboardPages(_run, new AccessRule(token), _prometheus);
        _server = await DashboardServer.StartAsync(address, settings.Port, _pages.HandleAsync);
        IPEndPoint bound = _server.EndPoint;
        string host = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any)
            ? Dns.GetHostName() : bound.Address.ToString();
        Address = new UriBuilder("http", host, bound.Port, "/").Uri;
        string how = isFresh ? $"?token={token}" : token is not null ? " (it wants its token)" : "";
        _log.Info($"Dashboard: {Address}{how}");
    }
}
