using System.Buffers.Binary;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Snapshots;

/// <summary>A blob that a layer carries from one pass to the next (CaffeActors.Compute.Layers.Layer).</summary>
/// <param name="Name">Whose it is: net, layer and purpose, as the run names them.</param>
/// <param name="Shape">Its axis lengths.</param>
/// <param name="Floats">Its values as 32-bit floats, lowest byte first.</param>
public sealed record LayerState(string Name, IReadOnlyList<int> Shape, byte[] Floats)
{
    /// <summary>A copy of a blob's data.</summary>
    public static LayerState Of(string name, Blob blob)
    {
        byte[] bytes = new byte[blob.Count * sizeof(float)];
        ReadOnlySpan<float> data = blob.Data;
        for (int i = 0; i < data.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), data[i]);
        return new LayerState(name, blob.Shape.ToArray(), bytes);
    }

    /// <summary>Gives a blob this shape and these values.</summary>
    /// <exception cref="CaffeException">The values are not as many as the shape says.</exception>
    public void CopyTo(Blob blob)
    {
        long count = 1;
        foreach (int length in Shape)
            count = length < 0 || count > int.MaxValue ? -1 : count * length;
        if (count != Floats.Length / sizeof(float) || Floats.Length % sizeof(float) != 0)
        {
            throw new CaffeException(ErrorCodes.BadSnapshot, FailureKind.Data,
                $"the state '{Name}' of the snapshot holds {Floats.Length} bytes for the shape "
                + string.Join(' ', Shape));
        }

        blob.Reshape([.. Shape]);
        Span<float> data = blob.MutableData;
        for (int i = 0; i < data.Length; i++)
            data[i] = BinaryPrimitives.ReadSingleLittleEndian(Floats.AsSpan(i * sizeof(float)));
    }
}
