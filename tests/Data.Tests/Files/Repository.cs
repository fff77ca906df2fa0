namespace CaffeActors.Data.Tests.Files;

/// <summary>Finds files of the repository: documentation that tests run, fixtures beside the tests.</summary>
internal static class Repository
{
    private static readonly string _root = Find(AppContext.BaseDirectory);

    public static string PathOf(string relative) => Path.Combine(_root, relative);

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "CaffeActors.sln"))
            ? directory
            : Find(Path.GetDirectoryName(directory) ?? throw new FileNotFoundException("CaffeActors.sln"));
}
