using System.IO.Hashing;

namespace CaffeActors.Data.Snapshots;

/// <summary>Passes writes on and keeps the length and XXH128 hash of what went through.</summary>
internal sealed class HashingStream(Stream target) : Stream
{
    // Small enough that what was hashed is still in the cache when it is written.
    private const int ChunkLength = 1 << 18;
    private readonly XxHash128 _hash = new();
    private long _length;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <summary>The digest of what was written so far.</summary>
    /// <param name="file">The file's name, without a directory.</param>
    public FileDigest Digest(string file) => new(file, _length, FileDigest.TextOf(_hash));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            ReadOnlySpan<byte> chunk = buffer[..Math.Min(ChunkLength, buffer.Length)];
            _hash.Append(chunk);
            target.Write(chunk);
            _length += chunk.Length;
            buffer = buffer[chunk.Length..];
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => target.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
