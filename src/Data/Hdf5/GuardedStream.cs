using System.Runtime.CompilerServices;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// A file as the HDF5 package reads it, guarded: structures that point in a circle make the package go round without
/// end, or into ever deeper calls until the process dies. Both pass through here, and end in an exception.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class GuardedStream(string path) : Stream
{
    // Far more than any real file needs: structures are read in pieces of a few bytes, values in large ones.
    private const long FreeReads = 4_000_000;

    private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 14);
    private long _reads;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _file.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _file.Position;
        set => _file.Position = value;
    }

    /// <summary>Counts from here on: a file that stays open may be read through many times.</summary>
    public void Restart() => _reads = 0;

    /// <inheritdoc/>
    /// <exception cref="InsufficientExecutionStackException">The calls are too deep.</exception>
    /// <exception cref="InvalidDataException">More was read than the file's structure can need.</exception>
    public override int Read(Span<byte> buffer)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (++_reads > FreeReads + Length)
            throw new InvalidDataException("its structures lead in a circle");
        return _file.Read(buffer);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => _file.Seek(offset, origin);

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }
}
