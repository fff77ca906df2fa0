using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CaffeActors.Data.Layers;

/// <summary>Copies of the bytes of the items of a batch, since a source keeps one at a time.</summary>
internal sealed unsafe class ItemBytes
{
    private (nint At, int Length)[] _places = [];
    private byte[]?[] _copies = [];

    /// <summary>The bytes of an item; they stay until the item is kept anew.</summary>
    public ReadOnlySpan<byte> this[int item] => new((void*)_places[item].At, _places[item].Length);

    /// <summary>Keeps the bytes of an item.</summary>
    /// <param name="item">Its place in the batch.</param>
    /// <param name="bytes">The bytes.</param>
    public void Keep(int item, ReadOnlySpan<byte> bytes)
    {
        if (item >= _places.Length)
        {
            Array.Resize(ref _places, Math.Max(64, 2 * item));
            Array.Resize(ref _copies, _places.Length);
        }

        byte[]? copy = _copies[item];
        if (copy is null || copy.Length < bytes.Length)
        {
            // Where sizes differ, some room makes the next larger one rarer.
            int size = copy is null ? bytes.Length : (int)Math.Min(Array.MaxLength, bytes.Length * 9L / 8);
            _copies[item] = copy = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        }

        bytes.CopyTo(copy);
        _places[item] = ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(copy)), bytes.Length);
    }
}
