using System.Text;
using CaffeActors.Data.Files;
using CaffeActors.Data.Images;

namespace CaffeActors.Data.Sources.Images;

/// <summary>
/// Reads and decodes the image files that a list names, one after the other, with buffers that are kept. A path is the
/// root folder and the name strung together, as in Caffe; with a separator between them where only that exists.
/// Not thread-safe.
/// </summary>
/// <param name="root">The root folder, or empty.</param>
/// <param name="resolve">Finds a file that the net names.</param>
internal sealed class ImageFiles(string root, Func<string, string> resolve)
{
    private readonly FileBuffer _file = new();
    private readonly PixelBuffer _decoded = new();

    /// <summary>Finds a file.</summary>
    /// <param name="name">Its name in the list.</param>
    public string PathOf(ReadOnlySpan<byte> name)
    {
        string text = Encoding.UTF8.GetString(name), path = resolve(root + text);
        if (root.Length == 0 || Path.EndsInDirectorySeparator(root) || File.Exists(path))
            return path;
        string parted = resolve(Path.Combine(root, text));
        return File.Exists(parted) ? parted : path;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="bytes">Its bytes; valid until the next call.</param>
    /// <param name="error">Why it could not be read; empty where it could.</param>
    public bool TryRead(string path, out ReadOnlySpan<byte> bytes, out string error)
    {
        try
        {
            bytes = _file.Read(path);
            error = "";
            return true;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            error = $"there is no image '{path}' (looked for from {Environment.CurrentDirectory})";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            error = $"image '{path}' cannot be read: {failure.Message}";
        }

        bytes = default;
        return false;
    }

    /// <summary>Decodes an image file.</summary>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="mode">Which channels are wanted.</param>
    /// <param name="image">The image; valid until the next call.</param>
    /// <param name="error">Why it could not be decoded; empty where it could.</param>
    public bool TryDecode(
        string path, ReadOnlySpan<byte> bytes, ColorMode mode, out PlanarPixels image, out string error)
    {
        bool decoded = ImageDecoder.TryDecode(bytes, mode, _decoded, out string why);
        image = _decoded.Pixels;
        error = decoded ? "" : $"image '{path}' cannot be used: {why}";
        return decoded;
    }
}
