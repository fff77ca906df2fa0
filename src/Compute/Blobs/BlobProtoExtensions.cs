using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Collections;

namespace CaffeActors.Compute.Blobs;

/// <summary>Blobs to and from their stored form, <see cref="BlobProto"/>.</summary>
public static class BlobProtoExtensions
{
    /// <summary>The stored shape: <c>shape</c>, or the legacy num, channels, height and width.</summary>
    public static int[] ShapeOf(this BlobProto proto) =>
        proto.IsLegacy()
            ? [proto.Num, proto.Channels, proto.Height, proto.Width]
            : proto.Shape is null ? [] : proto.Shape.Dim.Select(dim => checked((int)dim)).ToArray();

    /// <summary>Whether the stored shape is the legacy one of four axes.</summary>
    public static bool IsLegacy(this BlobProto proto) =>
        proto.HasNum || proto.HasChannels || proto.HasHeight || proto.HasWidth;

    /// <summary>
    /// Whether the stored blob has a blob's shape. A legacy shape fits one whose axes, with 1s put in front to make
    /// four, are equal to it; blobs of more than four axes have no legacy shape.
    /// </summary>
    public static bool ShapeEquals(this BlobProto proto, Blob blob)
    {
        if (!proto.IsLegacy())
            return blob.Shape.SequenceEqual(proto.ShapeOf());
        if (blob.AxisCount > 4)
            return false;
        ReadOnlySpan<int> legacy = proto.ShapeOf();
        int lead = 4 - blob.AxisCount;
        for (int axis = 0; axis < 4; axis++)
        {
            if (legacy[axis] != (axis < lead ? 1 : blob.Shape[axis - lead]))
                return false;
        }

        return true;
    }

    /// <summary>Reads a stored blob: double values where there are any, else floats; the diff where it is
    /// stored.</summary>
    /// <param name="blob">The blob to fill.</param>
    /// <param name="proto">The stored form.</param>
    /// <param name="reshape">True to take over the stored shape; false to require that it fits.</param>
    /// <exception cref="CaffeException">The shapes differ, or the number of values is not the shape's.</exception>
    public static void FromProto(this Blob blob, BlobProto proto, bool reshape = true)
    {
        if (reshape)
        {
            blob.Reshape(proto.ShapeOf());
        }
        else if (!proto.ShapeEquals(blob))
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"stored shape {Blob.FormatShape(proto.ShapeOf())} is not {blob.ShapeString}");
        }

        Fill(blob.MutableData, proto.Data, proto.DoubleData, "data");
        if (proto.DoubleDiff.Count > 0 || proto.Diff.Count > 0)
            Fill(blob.MutableDiff, proto.Diff, proto.DoubleDiff, "diff");
    }

    /// <summary>The stored form of a blob, with its shape in <c>shape</c>.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="withDiff">Whether the diff is stored too.</param>
    public static BlobProto ToProto(this Blob blob, bool withDiff = false)
    {
        var proto = new BlobProto { Shape = new BlobShape() };
        foreach (int length in blob.Shape)
            proto.Shape.Dim.Add(length);
        Append(proto.Data, blob.Data);
        if (withDiff)
            Append(proto.Diff, blob.Diff);
        return proto;
    }

    private static void Append(RepeatedField<float> target, ReadOnlySpan<float> values)
    {
        target.Capacity = values.Length;
        foreach (float value in values)
            target.Add(value);
    }

    private static void Fill(
        Span<float> target, RepeatedField<float> floats, RepeatedField<double> doubles, string part)
    {
        int stored = doubles.Count > 0 ? doubles.Count : floats.Count;
        if (stored != target.Length)
        {
            throw new CaffeException(ErrorCodes.BadSnapshot, FailureKind.Data,
                $"a stored blob has {stored} values of {part} where its shape asks for {target.Length}");
        }

        if (doubles.Count > 0)
        {
            for (int i = 0; i < target.Length; i++)
                target[i] = (float)doubles[i];
        }
        else
        {
            for (int i = 0; i < target.Length; i++)
                target[i] = floats[i];
        }
    }
}
