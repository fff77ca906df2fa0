using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>Makes the errors of a LevelDB, which name the file and the place in it.</summary>
/// <param name="folder">The data base's folder, as the user knows it.</param>
internal sealed class LevelDbFault(string folder)
{
    /// <summary>A file is cut, damaged or missing.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="offset">Where in it, in bytes.</param>
    /// <param name="what">What is wrong.</param>
    public CaffeException Damaged(string file, long offset, string what) => Unreadable(
        $"LevelDB '{folder}' is damaged or incomplete: {file}, byte {offset}: {what}; "
        + "copy or convert the data set again");

    /// <summary>It cannot be read for another reason.</summary>
    public static CaffeException Unreadable(string message, Exception? inner = null) =>
        new(ErrorCodes.SourceUnreadable, FailureKind.Data, message, inner: inner);

    /// <summary>Opens a file of the folder, also while others have it open.</summary>
    public FileStream Open(string name, int bufferSize) => new(Path.Combine(folder, name),
        FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize);
}
