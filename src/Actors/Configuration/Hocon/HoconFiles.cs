using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>Reads the files of a configuration.</summary>
internal static class HoconFiles
{
    // A configuration beyond this is a mistake (a database, a device) that should not fill the memory first.
    private const int MaxBytes = 16 << 20;

    /// <summary>The text of a file, or null where there is none.</summary>
    /// <exception cref="CaffeException">It cannot be read, is too large, or is not UTF-8.</exception>
    public static string? TryRead(string path, SourcePlace? namedAt)
    {
        byte[] bytes;
        try
        {
            if (!File.Exists(path))
                return null;
            using FileStream file = File.OpenRead(path);
            bytes = new byte[MaxBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
                throw Unreadable(path, $"it is larger than {MaxBytes >> 20} MiB", namedAt);
            Array.Resize(ref bytes, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e.Message, namedAt, e);
        }

        return Decode(path, bytes);
    }

    private static string Decode(string path, byte[] bytes)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\ufeff') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            int line = 1 + bytes.AsSpan(0, Math.Clamp(e.Index, 0, bytes.Length)).Count((byte)'\n');
            throw new CaffeException(
                ErrorCodes.HoconSyntax, FailureKind.Configuration, "the file is not valid UTF-8 text",
                new SourcePlace(path, line), e);
        }
    }

    private static CaffeException Unreadable(string path, string why, SourcePlace? namedAt, Exception? inner = null) =>
        new(ErrorCodes.FileNotFound, FailureKind.Configuration, $"cannot read '{path}': {why}", namedAt, inner);
}
