namespace CaffeActors.Data.Tests.Snapshots;

/// <summary>A disk that fills up: writes past a number of bytes, counted over all its streams, fail.</summary>
internal sealed class BreakingDisk(long room)
{
    public long Left { get; private set; } = room;

    public Stream Open(Stream file) => new BreakingStream(file, this);

    private void Take(int count)
    {
        Left -= count;
        if (Left < 0)
            throw new IOException("No space left on device");
    }

    private sealed class BreakingStream(Stream file, BreakingDisk disk) : Stream
    {
        public override bool CanRead => file.CanRead;

        public override bool CanSeek => file.CanSeek;

        public override bool CanWrite => file.CanWrite;

        public override long Length => file.Length;

        public override long Position
        {
            get => file.Position;
            set => file.Position = value;
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            disk.Take(count);
            file.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            disk.Take(buffer.Length);
            file.Write(buffer);
        }

        public override int Read(byte[] buffer, int offset, int count) => file.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

        public override void SetLength(long value) => file.SetLength(value);

        public override void Flush() => file.Flush();
    }
}
