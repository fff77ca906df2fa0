using System.Net;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Live.Server;

namespace CaffeActors.Live.Tests.Server;

/// <summary>Who may look at a run, and how.</summary>
public sealed class AccessTests : IDisposable
{
    private const string Token = "0123456789abcdef-secret";

    private readonly LiveFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private Task<LiveView?> WithTokenAsync() => _fixture.ViewAsync(null, null, (TokenChoice.Variable, Token));

    private Task<HttpResponseMessage> SendAsync(
        LiveView view, string path, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(view.Address!, path));
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return _fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task MethodThatIsNoLook_IsRefused(string method)
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        using HttpResponseMessage answer = await SendAsync(view, "/api/state", new HttpMethod(method));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow.Order());
    }

    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("localhost.evil.example:8642", 421)]
    [InlineData("192.168.0.1", 421)]
    [InlineData("localhost:9000", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:8642", 200)]
    public async Task NameThatIsNotThisMachines_IsRefused(string host, int status)
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        foreach (string path in (string[])["/", "/api/state", "/metrics"])
        {
            using HttpResponseMessage answer = await SendAsync(view, path, null, ("Host", host));
            Assert.Equal(status, (int)answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("/", null, 401)]
    [InlineData("/metrics", null, 401)]
    [InlineData("/api/state", "Bearer 0123456789abcdef-secres", 401)]
    [InlineData("/api/state", "Basic 0123456789abcdef-secret", 401)]
    [InlineData("/metrics", "Bearer " + Token, 200)]
    [InlineData("/api/state", "bearer " + Token, 200)]
    [InlineData("/?token=" + Token, null, 200)]
    [InlineData("/?token=other", null, 401)]
    [InlineData("/?token=" + Token + "&token=" + Token, null, 401)]
    [InlineData("/api/state?token=" + Token, null, 401)]
    public async Task Token_OpensTheDoor(string path, string? authorization, int status)
    {
        await using LiveView view = (await WithTokenAsync())!;
        (string, string)[] headers = authorization is null ? [] : [("Authorization", authorization)];
        using HttpResponseMessage answer = await SendAsync(view, path, null, headers);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(status == 401, answer.Headers.WwwAuthenticate.Count > 0);
    }

    [Fact]
    public async Task TokenInTheAddress_GivesACookie_ThatOpensTheRest()
    {
        await using LiveView view = (await WithTokenAsync())!;
        using HttpResponseMessage page = await SendAsync(view, $"/?token={Token}");
        string cookie = Assert.Single(page.Headers.GetValues("Set-Cookie"));
        Assert.Matches($"^caffeactors-{view.Address!.Port}=[0-9a-f]{{64}}; Path=/; HttpOnly; SameSite=Strict$", cookie);
        Assert.DoesNotContain(Token, cookie, StringComparison.Ordinal);
        string pair = cookie.Split(';')[0];
        using HttpResponseMessage state = await SendAsync(view, "/api/state", null, ("Cookie", pair));
        Assert.Equal(HttpStatusCode.OK, state.StatusCode);
        using HttpResponseMessage other = await SendAsync(view, "/api/state", null, ("Cookie", pair[..^1] + "x"));
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
    }

    [Fact]
    public async Task OtherMachines_NeedATokenThatTheLogTells()
    {
        await using LiveView view =
            (await _fixture.ViewAsync(new DashboardSettings { Enabled = true, Port = 0, Address = "0.0.0.0" }))!;
        await using LiveView own = (await _fixture.ViewAsync())!;
        var address = new UriBuilder("http", "127.0.0.1", view.Address!.Port).Uri;
        using HttpResponseMessage refused = await _fixture.Client.GetAsync(
            address, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        // The console has a thread of its own.
        Assert.True(SpinWait.SpinUntil(() => _fixture.Log.ToString().Contains(
            own.Address!.ToString(), StringComparison.Ordinal), TimeSpan.FromMinutes(1)));
        string line = _fixture.Log.ToString().Split('\n')
            .First(line => line.Contains("?token=", StringComparison.Ordinal));
        using HttpResponseMessage page = await _fixture.Client.GetAsync(
            new Uri(address, line[line.IndexOf('?', StringComparison.Ordinal)..].Trim()),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task Page_LoadsNothingFromElsewhere()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        foreach (string path in (string[])["/", "/live.css", "/live.js"])
        {
            using HttpResponseMessage answer = await SendAsync(view, path);
            string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotMatch("https?://(?!www.w3.org/2000/svg)|innerHTML|eval\\(| style=\"", text);
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith(
                "default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task Head_HasNoBody_AndUnknownPagesAreNotThere()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        using HttpResponseMessage head = await SendAsync(view, "/", HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 500);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using HttpResponseMessage none = await SendAsync(view, "/../manifest.json");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public void TokenFile_IsReadAndChecked()
    {
        var settings = new DashboardSettings { TokenFile = _fixture.Write("token", Token + "\nmore\n") };
        Assert.Equal((Token, false), TokenChoice.Of(settings, static _ => null, isLoopback: true));
        _fixture.Write("token", "short");
        CaffeException tooShort = Assert.Throws<CaffeException>(
            () => TokenChoice.Of(settings, static _ => null, isLoopback: true));
        Assert.Equal(ErrorCodes.BadSetting, tooShort.Code);
        Assert.DoesNotContain("short", tooShort.Message.Replace(settings.TokenFile, "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        CaffeException missing = Assert.Throws<CaffeException>(() => TokenChoice.Of(
            settings with { TokenFile = _fixture.At("gone") }, static _ => null, isLoopback: true));
        Assert.Equal((ErrorCodes.FileNotFound, FailureKind.Configuration), (missing.Code, missing.Kind));
        Assert.Equal((null, false), TokenChoice.Of(new DashboardSettings(), static _ => null, isLoopback: true));
        (string? fresh, bool isFresh) = TokenChoice.Of(new DashboardSettings(), static _ => null, isLoopback: false);
        Assert.True(isFresh);
        Assert.Matches("^[0-9a-f]{32}$", fresh);
    }
}
