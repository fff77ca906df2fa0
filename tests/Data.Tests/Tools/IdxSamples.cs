using System.Buffers.Binary;
using System.IO.Compression;

namespace CaffeActors.Data.Tests.Tools;

/// <summary>Small IDX files.</summary>
internal static class IdxSamples
{
    /// <summary>Images of rows x columns, value i + k at place k of image i.</summary>
    public static string Images(string path, int count, int rows = 2, int columns = 3, bool zip = false, int cut = 0)
    {
        byte[] body = [.. Enumerable.Range(0, count).SelectMany(
            i => Enumerable.Range(0, rows * columns).Select(k => (byte)(i + k)))];
        return Write(path, [2051, count, rows, columns], body, zip, cut);
    }

    /// <summary>Labels i modulo 10.</summary>
    public static string Labels(string path, int count, bool zip = false) =>
        Write(path, [2049, count], [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))], zip, 0);

    private static string Write(string path, int[] header, byte[] body, bool zip, int cut)
    {
        var bytes = new byte[(4 * header.Length) + body.Length - cut];
        for (int i = 0; i < header.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * i), header[i]);
        body.AsSpan(0, body.Length - cut).CopyTo(bytes.AsSpan(4 * header.Length));
        using FileStream file = File.Create(path);
        if (!zip)
        {
            file.Write(bytes);
            return path;
        }

        using var zipped = new GZipStream(file, CompressionLevel.Fastest);
        zipped.Write(bytes);
        return path;
    }
}
