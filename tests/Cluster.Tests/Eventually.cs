using System.Diagnostics;

namespace CaffeActors.Cluster.Tests;

/// <summary>Waits for what no event tells.</summary>
internal static class Eventually
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits until something holds, and fails where it does not within a minute.</summary>
    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < _patience, $"Waited in vain for {what}.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
