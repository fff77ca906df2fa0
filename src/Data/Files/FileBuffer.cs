using Microsoft.Win32.SafeHandles;

namespace CaffeActors.Data.Files;

/// <summary>Reads one whole file after the other into memory that is kept. Not thread-safe.</summary>
internal sealed class FileBuffer
{
    private byte[] _bytes = [];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>Its bytes; valid until the next call.</returns>
    /// <exception cref="IOException">There is no such file, or it cannot be read; it may also be an
    /// <see cref="UnauthorizedAccessException"/> or, for a path that is none, an
    /// <see cref="ArgumentException"/>.</exception>
    public ReadOnlySpan<byte> Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        long length = RandomAccess.GetLength(file);
        if (length > Array.MaxLength)
            throw new IOException($"it has {length} bytes, more than one image can have");
        if (_bytes.Length < length)
            _bytes = GC.AllocateUninitializedArray<byte>((int)length);
        int read = 0;
        while (read < length)
        {
            int got = RandomAccess.Read(file, _bytes.AsSpan(read, (int)length - read), read);
            if (got == 0)
                break;
            read += got;
        }

        return _bytes.AsSpan(0, read);
    }
}
