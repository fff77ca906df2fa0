using System.Net;
using System.Net.Sockets;

namespace CaffeActors.Data.Tests.Tools;

/// <summary>A web server of this process that gives one file, whole or from a point on, or what a test wants.</summary>
internal sealed class ModelServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public ModelServer(byte[] content)
    {
        Content = content;
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        Address = $"http://127.0.0.1:{port}/";
        _listener.Prefixes.Add(Address);
        _listener.Start();
        _loop = ServeAsync();
    }

    public string Address { get; }

    public byte[] Content { get; set; }

    /// <summary>Whether parts of the file are given when asked for.</summary>
    public bool GivesRanges { get; init; } = true;

    /// <summary>The status to answer with, where it is not 200 or 206.</summary>
    public int Status { get; set; } = 200;

    /// <summary>After how many bytes the connection breaks; none where it is negative.</summary>
    public int BreaksAfter { get; set; } = -1;

    /// <summary>What was asked for: the path and the range.</summary>
    public List<string> Requests { get; } = [];

    public void Dispose()
    {
        _listener.Close();
        ((IAsyncResult)_loop).AsyncWaitHandle.WaitOne();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                await AnswerAsync(await _listener.GetContextAsync());
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string? range = context.Request.Headers["Range"];
        Requests.Add($"{context.Request.Url!.AbsolutePath} {range}".TrimEnd());
        HttpListenerResponse response = context.Response;
        response.StatusCode = Status;
        int from = 0;
        if (Status == 200 && GivesRanges && range is not null)
        {
            from = int.Parse(range["bytes=".Length..].TrimEnd('-'));
            response.StatusCode = from < Content.Length ? 206 : 416;
            if (from < Content.Length)
                response.AddHeader("Content-Range", $"bytes {from}-{Content.Length - 1}/{Content.Length}");
        }

        byte[] body = response.StatusCode is 200 or 206 ? Content[from..] : [];
        response.ContentLength64 = body.Length;
        if (BreaksAfter >= 0 && BreaksAfter < body.Length)
        {
            await response.OutputStream.WriteAsync(body.AsMemory(0, BreaksAfter));
            await response.OutputStream.FlushAsync();
            response.Abort();
            return;
        }

        await response.OutputStream.WriteAsync(body);
        response.Close();
    }
}
