using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CaffeActors.Data.Layers;

/// <summary>The bytes of the items of a batch: where they lie, or copied where they would not stay.</summary>
internal sealed unsafe class ItemBytes
{
    private (nint At, int Length)[] _places = [];
    private byte[]?[] _copies = [];

    /// <summary>The bytes of an item; they stay until the item is kept anew.</summary>
    public ReadOnlySpan<byte> this[int item] => new((void*)_places[item].At, _places[item].Length);

    /// <summary>Keeps the bytes of an item.</summary>
    /// <param name="item">Its place in the batch.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="stay">Whether they lie in memory that neither moves nor changes while the batch is made.</param>
    public void Keep(int item, ReadOnlySpan<byte> bytes, bool stay)
    {
        if (item >= _places.Length)
        {
            Array.Resize(ref _places, Math.Max(64, 2 * item));
            Array.Resize(ref _copies, _places.Length);
        }

        if (!stay)
        {
            byte[]? copy = _copies[item];
            if (copy is null || copy.Length < bytes.Length)
                _copies[item] = copy = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
            bytes.CopyTo(copy);
            bytes = copy.AsSpan(0, bytes.Length);
        }

        _places[item] = ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)), bytes.Length);
    }
}
