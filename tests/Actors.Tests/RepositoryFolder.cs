using System.Reflection;

namespace CaffeActors.Actors.Tests;

/// <summary>The repository's folder, for tests that compare code with documents and configurations.</summary>
internal static class RepositoryFolder
{
    public static string Path { get; } = System.IO.Path.GetFullPath(typeof(RepositoryFolder).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!);
}
