namespace CaffeActors.Data.Nets;

/// <summary>
/// Finds files that other files name. As in Caffe a relative path is meant from the current folder; where nothing is
/// there, it is looked for beside the files that name it.
/// </summary>
/// <param name="folders">Folders to look in after the current one, in order.</param>
public sealed class PathFinder(params IReadOnlyList<string> folders)
{
    /// <summary>The path of a file or folder; as it was given where it is nowhere.</summary>
    public string Resolve(string path)
    {
        if (path.Length == 0 || Path.IsPathRooted(path) || Exists(path))
            return path;
        return folders.Select(folder => Path.Combine(folder, path)).FirstOrDefault(Exists) ?? path;
    }

    /// <summary>A finder that also looks beside a file.</summary>
    public PathFinder Beside(string file) => new([.. folders, Path.GetDirectoryName(Path.GetFullPath(file)) ?? "."]);

    /// <summary>A finder that also looks in a folder.</summary>
    public PathFinder In(string folder) => new([.. folders, folder]);

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);
}
