using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CaffeActors.Live.Server;

/// <summary>
/// Who may look. Without a token: whoever asks this machine by a name of its own, so that no page of another site can
/// (its name may be made to lead here, but not to be <c>localhost</c>). With one: whoever has it, as
/// <c>Authorization: Bearer</c>, once as <c>?token=</c>, or by the cookie that this gave.
/// </summary>
internal sealed class AccessRule
{
    private readonly byte[]? _token;
    private readonly string _session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
    private readonly byte[] _sessionHash;

    /// <summary>Makes the rule.</summary>
    /// <param name="token">The token; null for none.</param>
    public AccessRule(string? token)
    {
        _token = token is null ? null : Hash(token);
        _sessionHash = Hash(_session);
    }

    /// <summary>The cookie's name for a port: cookies do not know ports, and several runs may go on.</summary>
    public static string CookieOf(int port) => $"caffeactors-{port}";

    /// <summary>Looks at a request.</summary>
    /// <returns>The status that refuses it; null where it is welcome.</returns>
    public int? Refusal(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return StatusCodes.Status405MethodNotAllowed;
        }

        if (_token is null)
        {
            return IsOwnName(context.Request.Host.Host) ? null : StatusCodes.Status421MisdirectedRequest;
        }

        if (HasToken(context))
            return null;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return StatusCodes.Status401Unauthorized;
    }

    private bool HasToken(HttpContext context)
    {
        HttpRequest request = context.Request;
        string cookie = CookieOf(context.Connection.LocalPort);
        if (request.Cookies[cookie] is { } session && Same(session, _sessionHash))
            return true;
        string authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return Same(authorization[7..].Trim(), _token!);
        if (request.Path != "/" || request.Query["token"] is not [{ } given] || !Same(given, _token!))
            return false;
        context.Response.Headers.SetCookie = $"{cookie}={_session}; Path=/; HttpOnly; SameSite=Strict";
        return true;
    }

    // Of hashes, which are of one length: the time tells nothing of the secret.
    private static bool Same(string given, byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash(given), hash);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static bool IsOwnName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
