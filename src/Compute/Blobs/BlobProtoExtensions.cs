using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace CaffeActors.Compute.Blobs;

/// <summary>Blobs to and from their stored form, <see cref="BlobProto"/>.</summary>
public static class BlobProtoExtensions
{
    /// <summary>The stored shape: <c>shape</c>, or the legacy num, channels, height and width.</summary>
    /// <exception cref="CaffeException">CFA1402: a length is none that a blob can have.</exception>
    public static int[] ShapeOf(this BlobProto proto) =>
        proto.IsLegacy()
            ? [proto.Num, proto.Channels, proto.Height, proto.Width]
            : proto.Shape is null ? [] : [.. proto.Shape.Dim.Select(Length)];

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

    /// <summary>Reads a stored blob: raw values where there are any (NVIDIA's fork writes them), else doubles, else
    /// floats; the diff where it is stored.</summary>
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

        RequireCount(proto.StoredValues(), blob.Count, "data");
        int diffs = proto.StoredDiffs();
        if (diffs > 0)
            RequireCount(diffs, blob.Count, "diff");
        Fill(blob.MutableData, proto.Data, proto.DoubleData, proto.RawData, proto.RawDataType);
        if (diffs > 0)
            Fill(blob.MutableDiff, proto.Diff, proto.DoubleDiff, proto.RawDiff, proto.RawDiffType);
    }

    /// <summary>How many values are stored: raw ones (of NVIDIA's fork) where there are any, else doubles, else
    /// floats.</summary>
    /// <exception cref="CaffeException">Raw values of a type that is none of FLOAT16, FLOAT and DOUBLE, or not whole
    /// ones.</exception>
    public static int StoredValues(this BlobProto proto) =>
        proto.RawData.Length > 0 ? RawValues.CountOf(proto.RawData, proto.RawDataType)
        : proto.DoubleData.Count > 0 ? proto.DoubleData.Count : proto.Data.Count;

    /// <summary>How many gradients are stored.</summary>
    /// <inheritdoc cref="StoredValues"/>
    public static int StoredDiffs(this BlobProto proto) =>
        proto.RawDiff.Length > 0 ? RawValues.CountOf(proto.RawDiff, proto.RawDiffType)
        : proto.DoubleDiff.Count > 0 ? proto.DoubleDiff.Count : proto.Diff.Count;

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

    private static int Length(long dim) => dim is >= 0 and <= int.MaxValue ? (int)dim
        : throw new CaffeException(ErrorCodes.BadSnapshot, FailureKind.Data,
            $"a stored blob has an axis of length {dim}; lengths go from 0 to {int.MaxValue}");

    private static void Append(RepeatedField<float> target, ReadOnlySpan<float> values)
    {
        target.Capacity = values.Length;
        foreach (float value in values)
            target.Add(value);
    }

    private static void RequireCount(int stored, int needed, string part)
    {
        if (stored != needed)
        {
            throw new CaffeException(ErrorCodes.BadSnapshot, FailureKind.Data,
                $"a stored blob has {stored} values of {part} where its shape asks for {needed}");
        }
    }

    private static void Fill(
        Span<float> target, RepeatedField<float> floats, RepeatedField<double> doubles, ByteString raw,
        BlobProto.Types.RawType rawType)
    {
        if (raw.Length > 0)
        {
            RawValues.Copy(raw, rawType, target);
        }
        else if (doubles.Count > 0)
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
