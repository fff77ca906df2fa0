using System.IO.Hashing;

namespace CaffeActors.Data.Snapshots;

/// <summary>What a file must hold to be the one that was written.</summary>
/// <param name="File">The file's name, without a directory.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Xxh128">The XXH128 hash of its contents, 32 lower-case hexadecimal digits.</param>
public sealed record FileDigest(string File, long Size, string Xxh128)
{
    /// <summary>Reads a stream from its beginning to its end.</summary>
    /// <param name="file">The file's name, without a directory.</param>
    /// <param name="stream">A readable, seekable stream.</param>
    internal static FileDigest Of(string file, Stream stream)
    {
        var hash = new XxHash128();
        stream.Position = 0;
        hash.Append(stream);
        return new(file, stream.Length, TextOf(hash));
    }

    /// <summary>The text of a hash.</summary>
    internal static string TextOf(XxHash128 hash) => Convert.ToHexStringLower(hash.GetCurrentHash());
}
