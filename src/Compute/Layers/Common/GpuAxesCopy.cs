using CaffeActors.Compute.Backends.Gpu;
using ILGPU;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Copies between an array that lies in one piece and a part of another in which its axes have other distances:
/// permutations and crops. One thread an element of the piece.
/// </summary>
internal sealed class GpuAxesCopy : IDisposable
{
    private readonly GpuTable _table = new();
    private readonly int[] _numbers = new int[2 * Blobs.Blob.MaxAxes];
    private int _axes;

    /// <summary>Lengths of the piece's axes, outermost first, and distances along them in the other array.</summary>
    /// <param name="lengths">The lengths.</param>
    /// <param name="strides">The distances, as many.</param>
    public void Set(ReadOnlySpan<int> lengths, ReadOnlySpan<int> strides)
    {
        _axes = lengths.Length;
        lengths.CopyTo(_numbers);
        strides.CopyTo(_numbers.AsSpan(_axes));
    }

    /// <summary>Queues piece[i] = whole[...].</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="whole">The other array.</param>
    /// <param name="start">Where the piece's first element is in it.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="count">Its elements.</param>
    public void ToPiece(GpuDevice gpu, Values whole, int start, Values piece, int count) =>
        Run(gpu, whole, start, piece, count, 1);

    /// <summary>Queues whole[...] = piece[i].</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="count">Its elements.</param>
    /// <param name="whole">The other array.</param>
    /// <param name="start">Where the piece's first element is in it.</param>
    public void FromPiece(GpuDevice gpu, Values piece, int count, Values whole, int start) =>
        Run(gpu, whole, start, piece, count, 0);

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private void Run(GpuDevice gpu, Values whole, int start, Values piece, int count, int toPiece)
    {
        // A scalar has no axes, and a table has at least one number.
        ArrayView<int> table = _table.On(gpu, _numbers.AsSpan(0, Math.Max(1, 2 * _axes)));
        gpu.Run(count, new Body(whole, start, piece, table, _axes, toPiece));
    }

    internal readonly struct Body(
        Values whole, int start, Values piece, ArrayView<int> table, int axes, int toPiece) : IGpuBody
    {
        public void Invoke(int i)
        {
            int at = start, rest = i;
            for (int axis = axes - 1; axis >= 0; axis--)
            {
                int length = table[axis];
                at += rest % length * table[axes + axis];
                rest /= length;
            }

            if (toPiece != 0)
                piece.Set(i, whole[at]);
            else
                whole.Set(at, piece[i]);
        }
    }
}
