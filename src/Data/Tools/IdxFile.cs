using System.Buffers.Binary;
using System.IO.Compression;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Tools;

/// <summary>
/// A file of the IDX format, plain or compressed by gzip: big-endian numbers magic, count and, for images, rows and
/// columns, then one byte for each value. Items are read one after the other. Not thread-safe.
/// </summary>
internal sealed class IdxFile : IDisposable
{
    private const int ImageMagic = 2051;
    private const int LabelMagic = 2049;

    private readonly string _path;
    private readonly Stream _stream;

    private IdxFile(string path, int magic)
    {
        _path = path;
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            bool zipped = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            _stream = zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(failure.Message, failure);
        }

        Span<byte> header = stackalloc byte[16];
        header = header[..(magic == ImageMagic ? 16 : 8)];
        ReadWhole(header);
        int found = BinaryPrimitives.ReadInt32BigEndian(header);
        if (found != magic)
        {
            string kind = magic == ImageMagic ? "images" : "labels";
            throw Unreadable($"it begins with the number {found}; files of {kind} begin with {magic}");
        }

        Count = BinaryPrimitives.ReadInt32BigEndian(header[4..]);
        if (magic == ImageMagic)
        {
            Rows = BinaryPrimitives.ReadInt32BigEndian(header[8..]);
            Columns = BinaryPrimitives.ReadInt32BigEndian(header[12..]);
        }

        if (Count < 0 || Rows is < 1 or > 65535 || Columns is < 1 or > 65535)
            throw Unreadable($"it says it holds {Count} items of {Rows} x {Columns}");
    }

    /// <summary>Items in the file.</summary>
    public int Count { get; }

    /// <summary>Rows of an image; 1 for labels.</summary>
    public int Rows { get; } = 1;

    /// <summary>Columns of an image; 1 for labels.</summary>
    public int Columns { get; } = 1;

    /// <summary>Opens a file of images.</summary>
    /// <exception cref="CaffeException">It cannot be read or is none.</exception>
    public static IdxFile OpenImages(string path) => new(path, ImageMagic);

    /// <summary>Opens a file of labels.</summary>
    /// <exception cref="CaffeException">It cannot be read or is none.</exception>
    public static IdxFile OpenLabels(string path) => new(path, LabelMagic);

    /// <summary>Checks that images have as many labels.</summary>
    /// <exception cref="CaffeException">They have not.</exception>
    public void RequireSameCount(IdxFile labels)
    {
        if (Count != labels.Count)
        {
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"'{_path}' holds {Count} images and '{labels._path}' {labels.Count} labels; "
                + "they do not belong together");
        }
    }

    /// <summary>Reads the next items.</summary>
    /// <exception cref="CaffeException">The file ends before.</exception>
    public void ReadWhole(Span<byte> target)
    {
        try
        {
            _stream.ReadExactly(target);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw Unreadable(failure is EndOfStreamException ? "it ends too early" : failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private CaffeException Unreadable(string what, Exception? inner = null) =>
        new(ErrorCodes.SourceUnreadable, FailureKind.Data, $"IDX file '{_path}' cannot be read: {what}", inner: inner);
}
