namespace CaffeActors.Data.Tests;

/// <summary>The files that these tests bring along.</summary>
internal static class Fixture
{
    /// <summary>A file or folder of theirs.</summary>
    public static string PathOf(params string[] parts) =>
        Path.Combine([AppContext.BaseDirectory, "Fixtures", .. parts]);
}
