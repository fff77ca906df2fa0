using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Hdf5;
using Google.Protobuf;

namespace CaffeActors.Data.Snapshots;

/// <summary>Reads one file of a pair, whichever of the two formats it has, and says what is wrong with it.</summary>
internal static class SnapshotFile
{
    private const byte FieldOneVarint = 0x08;
    private const byte FieldOneMessage = 0x0A;
    private const byte FieldTwoMessage = 0x12;
    private const byte FieldHundredMessage = 0xA2;

    /// <summary>What a file turns out to be.</summary>
    private enum Kind
    {
        Unknown,
        Empty,
        Text,
        Hdf5,
        Net,
        NumbersFirst,
    }

    /// <summary>Reads weights.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fromHdf5">Reads an HDF5 file; null where it is of another kind.</param>
    /// <param name="parser">Reads a binary file.</param>
    public static T ReadNet<T>(string path, Func<string, T?> fromHdf5, MessageParser<T> parser)
        where T : class, IMessage<T> =>
        Read(path, fromHdf5, parser, kind => kind == Kind.NumbersFirst ? "a solver state or a mean image" : null,
            "weights (.caffemodel or .caffemodel.h5)");

    /// <summary>Reads a solver's state.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fromHdf5">Reads an HDF5 file; null where it is of another kind.</param>
    /// <param name="parser">Reads a binary file.</param>
    public static T ReadState<T>(string path, Func<string, T?> fromHdf5, MessageParser<T> parser)
        where T : class, IMessage<T> =>
        Read(path, fromHdf5, parser, kind => kind == Kind.Net ? "weights (a .caffemodel)" : null,
            "a solver state (.solverstate or .solverstate.h5)");

    /// <summary>The failure of a file that is damaged or of another kind.</summary>
    public static CaffeException Bad(string path, string what, Exception? inner = null) =>
        new(ErrorCodes.BadSnapshot, FailureKind.Data, $"'{path}' {what}", inner: inner);

    private static T Read<T>(
        string path, Func<string, T?> fromHdf5, MessageParser<T> parser, Func<Kind, string?> otherKind, string wanted)
        where T : class, IMessage<T>
    {
        try
        {
            Kind kind = KindOf(path);
            string? other = kind switch
            {
                Kind.Empty => "empty",
                Kind.Text => "text (a prototxt?)",
                _ => otherKind(kind),
            };
            if (other is not null)
                throw Bad(path, $"is {other}, not {wanted}");
            if (kind == Kind.Hdf5)
                return fromHdf5(path) ?? throw Bad(path, $"is an HDF5 file, but not {wanted}");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            return parser.ParseFrom(stream);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
                $"there is no file '{path}'", inner: exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
                Directory.Exists(path) ? $"'{path}' is a folder, not a file"
                    : $"'{path}' cannot be read: {exception.Message}", inner: exception);
        }
        catch (Exception exception)
            when (exception is InvalidProtocolBufferException or IOException or OverflowException
                or CaffeException { Code: ErrorCodes.SourceUnreadable })
        {
            throw Bad(path, $"is cut short, damaged or not {wanted}: {exception.Message}", exception);
        }
    }

    private static Kind KindOf(string path)
    {
        Span<byte> buffer = stackalloc byte[256];
        using FileStream stream = File.OpenRead(path);
        ReadOnlySpan<byte> start = buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        if (start.IsEmpty)
            return Kind.Empty;
        if (Hdf5Reader.IsHdf5(path))
            return Kind.Hdf5;
        if (IsText(start))
            return Kind.Text;

        // A net begins with its name, with layers of the first version (2), or with layers (100); a state with the
        // iteration, as a mean image or a Datum begin with numbers.
        return start[0] switch
        {
            FieldOneMessage or FieldTwoMessage or FieldHundredMessage => Kind.Net,
            FieldOneVarint => Kind.NumbersFirst,
            _ => Kind.Unknown,
        };
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (b < ' ' && b is not ((byte)'\t' or (byte)'\r' or (byte)'\n'))
                return false;
        }

        return true;
    }
}
