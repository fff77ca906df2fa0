using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using CaffeActors.Analysis.Reports;
using CaffeActors.Live.Export;
using CaffeActors.Live.History;
using Microsoft.AspNetCore.Http;

namespace CaffeActors.Live.Server;

/// <summary>
/// What the server answers: the page and its parts, <c>/api/state</c> for the page, <c>/metrics</c> for Prometheus.
/// The page may load its own parts and ask its own server, nothing else.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="rule">Who may look.</param>
/// <param name="prometheus">The figures for <c>/metrics</c>.</param>
internal sealed class DashboardPages(LiveRun run, AccessRule rule, PrometheusFigures prometheus)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);
    private static readonly byte[] _page = Encoding.UTF8.GetBytes(Resource("live.html"));
    private static readonly byte[] _style = Encoding.UTF8.GetBytes(PageParts.Style + Resource("live.css"));
    private static readonly byte[] _script = Encoding.UTF8.GetBytes(PageParts.ChartScript + Resource("live.js"));
    private static readonly byte[] _charts = JsonSerializer.SerializeToUtf8Bytes(
        LiveCharts.All.Select(chart => new { chart.Title, chart.Unit, chart.Divisor }), _json);

    private readonly TaskCompletionSource _endSeen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _askedAt;

    /// <summary>Done when somebody has been told how the run ended.</summary>
    public Task EndSeen => _endSeen.Task;

    /// <summary>Whether a page has asked within the last seconds.</summary>
    public bool IsWatched => Volatile.Read(ref _askedAt) is var asked and not 0
        && TimeProvider.System.GetElapsedTime(asked) < TimeSpan.FromSeconds(5);

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (rule.Refusal(context) is { } status)
        {
            await WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(Words(status)), status);
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/":
                await WriteAsync(context, "text/html; charset=utf-8", _page);
                break;
            case "/live.css":
                await WriteAsync(context, "text/css; charset=utf-8", _style);
                break;
            case "/live.js":
                await WriteAsync(context, "text/javascript; charset=utf-8", _script);
                break;
            case "/api/charts":
                await WriteAsync(context, "application/json", _charts);
                break;
            case "/api/state":
                await StateAsync(context);
                break;
            case "/metrics":
                await WriteAsync(context, "text/plain; version=0.0.4; charset=utf-8",
                    Encoding.UTF8.GetBytes(prometheus.Write()));
                break;
            default:
                await WriteAsync(context, "text/plain; charset=utf-8", "There is no such page.\n"u8.ToArray(),
                    StatusCodes.Status404NotFound);
                break;
        }
    }

    private async Task StateAsync(HttpContext context)
    {
        Volatile.Write(ref _askedAt, TimeProvider.System.GetTimestamp());
        LiveState state = run.Take(Number(context, "points"), Number(context, "events"));
        await WriteAsync(context, "application/json", JsonSerializer.SerializeToUtf8Bytes(state, _json));
        if (state.IsOver)
            _endSeen.TrySetResult();
    }

    private static long Number(HttpContext context, string name) =>
        context.Request.Query[name] is [{ } text]
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static Task WriteAsync(
        HttpContext context, string type, byte[] body, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static string Words(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "This page needs the token that the run's log tells: ?token=...\n",
        StatusCodes.Status405MethodNotAllowed => "This page is to be looked at: GET or HEAD.\n",
        _ => "Ask by a name of this machine: localhost or 127.0.0.1.\n",
    };

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
