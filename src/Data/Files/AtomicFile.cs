using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Files;

/// <summary>
/// Files that appear whole or not at all, whenever the process or the machine stops: written under a temporary name
/// beside the final one, flushed to disk, renamed, and the directory flushed (on Unix). One writer for a path at a
/// time.
/// </summary>
public static class AtomicFile
{
    /// <summary>What a temporary name ends with; such a file is what a killed process left, and no one reads
    /// it.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="write">Writes the contents to a readable, writable, seekable stream.</param>
    /// <exception cref="CaffeException">CFA1404: it could not be written; the older file is as it was.</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, temporary: null, write);

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="text">Its contents.</param>
    /// <exception cref="CaffeException">CFA1404: it could not be written; the older file is as it was.</exception>
    public static void WriteText(string path, string text) => WriteText(path, temporary: null, text);

    /// <summary>Makes a directory where it is missing, and those above it.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="CaffeException">CFA1404: it cannot be made.</exception>
    public static void MakeDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (IsFileFailure(exception))
        {
            throw Failure(path, exception);
        }
    }

    /// <summary>Writes a text file by way of a temporary one of a given name on the same volume.</summary>
    internal static void WriteText(string path, string? temporary, string text) =>
        Write(path, temporary, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Writes a file whose steps somebody hears of.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="write">Writes the contents.</param>
    /// <param name="reached">Hears when they are written, and when the file has its final name; null: nobody.</param>
    /// <param name="written">What it is told first.</param>
    /// <param name="renamed">What it is told then.</param>
    internal static void Write(
        string path, Action<Stream> write, Action<FaultPoint>? reached, FaultPoint written, FaultPoint renamed) =>
        Write(path, temporary: null, stream =>
        {
            write(stream);
            reached?.Invoke(written);
        }, () => reached?.Invoke(renamed));

    /// <summary>The failure of a write, told to the user.</summary>
    internal static CaffeException Failure(string path, Exception cause, string consequence = "") =>
        new(ErrorCodes.WriteFailed, FailureKind.Data,
            $"cannot write '{path}': {cause.Message}{consequence}; check that its directory exists and is writable "
            + "and that the disk is not full", inner: cause);

    /// <summary>Whether an exception tells of the file system and not of a fault in the program.</summary>
    internal static bool IsFileFailure(Exception exception) => exception is IOException or UnauthorizedAccessException;

    private static void Write(string path, string? temporary, Action<Stream> write, Action? renamed = null)
    {
        try
        {
            using var staged = new StagedFile(path, temporary);
            write(staged.Stream);
            staged.FlushToDisk();
            staged.Publish();
            renamed?.Invoke();
            DirectoryFlush.Run(DirectoryOf(path));
        }
        catch (Exception exception) when (IsFileFailure(exception))
        {
            throw Failure(path, exception);
        }
    }

    /// <summary>The directory a path lies in, "." where it names none.</summary>
    internal static string DirectoryOf(string path) =>
        Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : ".";
}
