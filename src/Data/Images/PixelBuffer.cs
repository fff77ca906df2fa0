using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CaffeActors.Data.Images;

/// <summary>
/// Memory for one image after the other: it grows to the largest and is kept. <see cref="PlanarPixels"/> only point
/// into it: whoever uses an image holds its buffer until he is done (<see cref="GC.KeepAlive"/> where nothing else
/// does). Not thread-safe.
/// </summary>
public sealed unsafe class PixelBuffer
{
    private byte[] _bytes = [];
    private byte* _data;
    private byte[] _scratch = [];

    /// <summary>The image that was put in last.</summary>
    public PlanarPixels Pixels { get; private set; }

    /// <summary>Makes room for an image; its values are undefined until they are written.</summary>
    public PlanarPixels Reserve(int channels, int height, int width)
    {
        int count = checked(channels * height * width);
        if (_bytes.Length < count)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(count, pinned: true);
            _data = (byte*)Unsafe.AsPointer(ref _bytes[0]);
        }

        return Pixels = new PlanarPixels(_data, channels, height, width);
    }

    /// <summary>Memory for what is made on the way to the image: it is kept too.</summary>
    internal byte* ReserveScratch(int count)
    {
        if (_scratch.Length < count)
            _scratch = GC.AllocateUninitializedArray<byte>(count, pinned: true);
        return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_scratch));
    }
}
