using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Files;

/// <summary>
/// Arrays in a file that <c>numpy.load</c> opens: a zip archive with a <c>.npy</c> for each, 32-bit numbers, lowest
/// byte first, last axis fastest. Nothing is compressed, and the same arrays give the same bytes.
/// </summary>
public static class NpzFile
{
    // The .npy header ends at a multiple of this.
    private const int Alignment = 64;

    // The first day a zip archive can tell of.
    private static readonly DateTimeOffset _noTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes arrays; the file appears whole or not at all.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="arrays">For each its name, its shape (none: a single number) and its values.</param>
    /// <exception cref="CaffeException">CFA1404: it cannot be written.</exception>
    public static void Write(string path, IEnumerable<(string Name, int[] Shape, float[] Values)> arrays) =>
        AtomicFile.Write(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach ((string name, int[] shape, float[] values) in arrays)
            {
                ZipArchiveEntry entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
                entry.LastWriteTime = _noTime;
                using Stream target = entry.Open();
                target.Write(Header(shape));
                target.Write(MemoryMarshal.AsBytes<float>(values));
            }
        });

    private static byte[] Header(int[] shape)
    {
        // A tuple of one has a comma too.
        string lengths = string.Join(", ", shape.Select(length => length.ToString(CultureInfo.InvariantCulture)))
            + (shape.Length == 1 ? "," : "");
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({lengths}), }}";
        ReadOnlySpan<byte> magic = [0x93, .. "NUMPY"u8, 1, 0];
        int start = magic.Length + sizeof(ushort), length = start + text.Length + 1;
        text = text.PadRight(text.Length + ((Alignment - (length % Alignment)) % Alignment)) + '\n';
        return [.. magic, (byte)text.Length, (byte)(text.Length >> 8), .. Encoding.ASCII.GetBytes(text)];
    }
}
