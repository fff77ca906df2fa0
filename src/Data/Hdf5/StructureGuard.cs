using System.Buffers.Binary;
using System.Text;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// Goes through the groups of an HDF5 file before the package does, and finds what would harm it. The package follows
/// soft links, and a circle of them (one flipped byte in a damaged file makes one) ends the process by exhausting its
/// stack; and it takes memory for names and fill values as long as they claim to be. Groups of both forms are gone
/// through, symbol tables and link messages (HDF5 File Format Specification 3.0, III and IV.A); what cannot be
/// understood is left to the package, which refuses it.
/// </summary>
internal sealed class StructureGuard
{
    private const int MostObjects = 1 << 20;
    private const int MostBytes = 1 << 20;
    private const int LargestNode = 1 << 16;
    private const int OldFillValueMessage = 0x04, FillValueMessage = 0x05, LinkMessage = 0x06;
    private const int ContinuationMessage = 0x10, SymbolTableMessage = 0x11;
    private const ulong Undefined = ulong.MaxValue;

    private readonly Stream _file;
    private readonly Queue<(ulong Address, string Path)> _objects = [];
    private readonly HashSet<ulong> _seen = [];
    private ulong _base;
    private string? _fault;

    private StructureGuard(Stream file) => _file = file;

    /// <summary>What must keep the package from a file, or null where nothing does.</summary>
    /// <param name="file">The file; its position is moved.</param>
    public static string? FaultOf(Stream file)
    {
        var guard = new StructureGuard(file);
        try
        {
            guard.Visit(guard.Root(), "");
        }
        catch (Exception damaged) when (damaged is EndOfStreamException or OverflowException or IOException)
        {
            // The package will say so.
        }

        while (guard._fault is null && guard._objects.TryDequeue(out (ulong Address, string Path) next))
        {
            try
            {
                guard.VisitObject(next.Address, next.Path);
            }
            catch (Exception damaged) when (damaged is EndOfStreamException or OverflowException or IOException)
            {
                // The other groups are still gone through.
            }
        }

        return guard._fault;
    }

    private ulong Root()
    {
        byte[] start = Bytes(0, 96, atLeast: 44);
        int version = start[8];
        // 8-byte addresses and lengths, as every library writes them; the package reads no other either.
        if (version >= 2)
        {
            _base = Number(start.AsSpan(12), 8);
            return Number(start.AsSpan(36), 8);
        }

        int addresses = version == 0 ? 24 : 28;
        _base = Number(start.AsSpan(addresses), 8);
        return Number(start.AsSpan(addresses + 32 + 8), 8);
    }

    private void Visit(ulong address, string path)
    {
        if (address != Undefined && _seen.Count < MostObjects && _seen.Add(address))
            _objects.Enqueue((address, path));
    }

    private void VisitObject(ulong address, string path)
    {
        ReadOnlySpan<byte> start = Bytes(address, 64, atLeast: 16);
        if (start[..4].SequenceEqual("OHDR"u8))
        {
            int flags = start[5];
            int at = 6 + ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0), width = 1 << (flags & 3);
            ulong size = Number(start[at..], width);
            Messages(address + (ulong)(at + width), size, path, (flags & 4) != 0 ? 6 : 4, isNew: true);
        }
        else if (start[0] == 1)
        {
            Messages(address + 16, Number(start[8..], 4), path, 8, isNew: false);
        }
    }

    private void Messages(ulong address, ulong size, string path, int header, bool isNew)
    {
        var blocks = new Queue<(ulong Address, ulong Size)>([(address, size)]);
        for (int count = 0; count < 1000 && blocks.TryDequeue(out (ulong Address, ulong Size) block); count++)
        {
            byte[] bytes = Bytes(block.Address, (int)Math.Min(block.Size, MostBytes), atLeast: 0);
            for (int at = 0; at + header <= bytes.Length;)
            {
                int type = isNew ? bytes[at] : (int)Number(bytes.AsSpan(at), 2);
                int length = (int)Number(bytes.AsSpan(at + (isNew ? 1 : 2)), 2);
                at += header;
                if (at + length > bytes.Length)
                {
                    if (block.Size <= MostBytes)
                        _fault ??= $"the header of '{path}/' is cut short";
                    break;
                }

                ReadOnlySpan<byte> body = bytes.AsSpan(at, length);
                at += length;
                if (type == ContinuationMessage && length >= 16)
                    blocks.Enqueue(Continuation(Number(body, 8), Number(body[8..], 8), isNew));
                else if (type == SymbolTableMessage && length >= 16)
                    Tree(Number(body, 8), Number(body[8..], 8), path, depth: 0);
                else if (type == LinkMessage)
                    Link(body, path);
                else if (type is OldFillValueMessage or FillValueMessage)
                    FillValue(body, type == OldFillValueMessage ? 0 : body.Length == 0 ? -1 : FillSizeAt(body), path);
            }
        }
    }

    // A block of the newer form begins with a signature and ends with a checksum.
    private static (ulong Address, ulong Size) Continuation(ulong address, ulong size, bool isNew) =>
        isNew ? (address + 4, size >= 8 ? size - 8 : 0) : (address, size);

    private void Link(ReadOnlySpan<byte> body, string path)
    {
        if (body.Length < 3)
            return;
        // A message's own length decides: what it claims beyond is read from elsewhere, at any length.
        int flags = body[1], at = 2;
        int type = (flags & 8) != 0 ? body[at++] : 0;
        at += ((flags & 4) != 0 ? 8 : 0) + ((flags & 0x10) != 0 ? 1 : 0);
        int width = 1 << (flags & 3);
        if (at + width > body.Length)
        {
            _fault ??= $"an entry of '{path}/' is cut short";
            return;
        }

        ulong length = Number(body[at..], width);
        at += width;
        if (length > (ulong)(body.Length - at))
        {
            _fault ??= $"a name in '{path}/' is longer than its entry";
            return;
        }

        string name = $"{path}/{Encoding.UTF8.GetString(body.Slice(at, (int)length))}";
        at += (int)length;
        if (type != 0)
            _fault ??= SoftLink(name);
        else if (at + 8 <= body.Length)
            Visit(Number(body[at..], 8), name);
    }

    private static string SoftLink(string name) =>
        $"'{name}' in it is a soft link, and files with such links are not read; h5repack or h5copy make one without";

    private static int FillSizeAt(ReadOnlySpan<byte> body) => body[0] switch
    {
        // Version 1 has the size always, 2 where the fourth byte says so, 3 where a bit of the second does.
        1 => 4,
        2 => body.Length > 3 && body[3] != 0 ? 4 : -1,
        3 => body.Length > 1 && (body[1] & 0x20) != 0 ? 2 : -1,
        _ => -1,
    };

    private void FillValue(ReadOnlySpan<byte> body, int sizeAt, string path)
    {
        if (sizeAt < 0)
            return;
        // A negative size says that there is none.
        int size = sizeAt + 4 <= body.Length ? (int)Number(body[sizeAt..], 4) : int.MaxValue;
        if (size > body.Length - sizeAt - 4)
            _fault ??= $"the fill value of '{path}' is longer than its entry";
    }

    private void Tree(ulong address, ulong heap, string path, int depth)
    {
        byte[] start = Bytes(address, LargestNode, atLeast: 8);
        int count = (int)Number(start.AsSpan(6), 2);
        if (start.AsSpan(0, 4).SequenceEqual("SNOD"u8))
        {
            for (int i = 0; i < count && 8 + (40 * (i + 1)) <= start.Length; i++)
                Entry(start.AsSpan(8 + (40 * i), 40), heap, path);
        }
        else if (start.AsSpan(0, 4).SequenceEqual("TREE"u8) && depth < 32)
        {
            for (int i = 0; i < count && 24 + (16 * i) + 16 <= start.Length && _seen.Count < MostObjects; i++)
            {
                ulong child = Number(start.AsSpan(24 + (16 * i) + 8), 8);
                if (_seen.Add(child))
                    Tree(child, heap, path, depth + 1);
            }
        }
    }

    private void Entry(ReadOnlySpan<byte> entry, ulong heap, string path)
    {
        string name = $"{path}/{Name(heap, Number(entry, 8))}";
        if (Number(entry[16..], 4) == 2)
            _fault ??= SoftLink(name);
        else
            Visit(Number(entry[8..], 8), name);
    }

    private string Name(ulong heap, ulong offset)
    {
        try
        {
            ReadOnlySpan<byte> header = Bytes(heap, 32, atLeast: 32);
            if (Number(header[8..], 8) > (ulong)_file.Length)
                _fault ??= "the names of a group take more room than the file has";
            ReadOnlySpan<byte> name = Bytes(checked(Number(header[24..], 8) + offset), 256, atLeast: 1);
            int end = name.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
        }
        catch (Exception damaged) when (damaged is EndOfStreamException or OverflowException)
        {
            return "?";
        }
    }

    private byte[] Bytes(ulong address, int most, int atLeast)
    {
        ulong at = checked(address + _base);
        if (at >= (ulong)_file.Length)
            throw new EndOfStreamException();
        var bytes = new byte[Math.Min(most, _file.Length - (long)at)];
        _file.Position = (long)at;
        _file.ReadExactly(bytes);
        return bytes.Length >= atLeast ? bytes : throw new EndOfStreamException();
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, int width) => width switch
    {
        _ when bytes.Length < width => throw new EndOfStreamException(),
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };
}
