using System.Security.Cryptography;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Live.Server;

/// <summary>Which token a dashboard has.</summary>
internal static class TokenChoice
{
    /// <summary>The variable that may hold it.</summary>
    public const string Variable = "CAFFEACTORS_DASHBOARD_TOKEN";

    private const int LeastLength = 16;

    /// <summary>The token: the variable's, the file's, a fresh one where others than this machine may ask; null where
    /// none is needed.</summary>
    /// <param name="settings">The dashboard.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="isLoopback">Whether only this machine may ask.</param>
    /// <returns>The token, and whether its user does not know it yet.</returns>
    /// <exception cref="CaffeException">CFA1003: it is too short; CFA1005: the file cannot be read.</exception>
    public static (string? Token, bool IsFresh) Of(
        DashboardSettings settings, Func<string, string?> environment, bool isLoopback)
    {
        if (environment(Variable) is { Length: > 0 } given)
            return (Checked(given, Variable), false);
        if (settings.TokenFile.Length > 0)
            return (Checked(ReadFile(settings.TokenFile), $"the token in '{settings.TokenFile}'"), false);
        return isLoopback ? (null, false) : (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), true);
    }

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault("").Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration,
                $"live.dashboard.token-file '{path}' cannot be read: {failure.Message}", inner: failure);
        }
    }

    private static string Checked(string token, string origin) => token.Length >= LeastLength ? token
        : throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
            $"{origin} has {token.Length} characters; a token has {LeastLength} or more");
}
