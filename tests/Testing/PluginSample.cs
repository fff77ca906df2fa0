namespace CaffeActors.Testing;

/// <summary>The class library tests/PluginSample; no test project refers to it: it is loaded as a user's is.</summary>
public static class PluginSample
{
    /// <summary>Its file: it lies beside the running tests' own folder, built in the same configuration.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(
        AppContext.BaseDirectory, "..", "..", Name,
        System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
        Name + ".dll"));

    private const string Name = "CaffeActors.PluginSample";
}
