using System.Runtime.InteropServices;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// Writes <c>.caffemodel</c> and <c>.solverstate</c> files straight from blobs: byte for byte what protobuf writes
/// of a NetParameter or SolverState that holds copies of them, without the copies. The memory it takes does not
/// depend on the size of the net.
/// </summary>
internal sealed class ProtoSnapshotWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly CodedOutputStream _coded;

    private ProtoSnapshotWriter(Stream stream)
    {
        _stream = stream;
        _coded = new CodedOutputStream(stream, leaveOpen: true);
    }

    /// <summary>Writes a net (NetParameter).</summary>
    /// <exception cref="CaffeException">CFA1404: protobuf cannot hold so much.</exception>
    public static void WriteNet(Stream stream, NetWeights net, bool withDiff)
    {
        var layers = new List<BareLayer>(net.Layers.Count);
        long size = 0;
        foreach (LayerWeights layer in net.Layers)
        {
            layers.Add(BareLayer.Of(layer, withDiff));
            size += FieldSize(NetParameter.LayerFieldNumber, layers[^1].Size);
        }

        RequireFits(size, "model");
        using var writer = new ProtoSnapshotWriter(stream);
        writer.WriteTag(NetParameter.NameFieldNumber, WireFormat.WireType.LengthDelimited);
        writer._coded.WriteString(net.Name);
        for (int i = 0; i < layers.Count; i++)
            writer.WriteLayer(layers[i], net.Layers[i].Blobs, withDiff);
    }

    /// <summary>Writes a solver's state (SolverState).</summary>
    /// <exception cref="CaffeException">CFA1404: protobuf cannot hold so much.</exception>
    public static void WriteState(Stream stream, SolverProgress progress, string learnedNet)
    {
        RequireFits(progress.History.Sum(
            blob => FieldSize(SolverState.HistoryFieldNumber, BlobSize(blob, false))), "solver state");
        using var writer = new ProtoSnapshotWriter(stream);
        writer.WriteTag(SolverState.IterFieldNumber, WireFormat.WireType.Varint);
        writer._coded.WriteInt32(progress.Iteration);
        writer.WriteTag(SolverState.LearnedNetFieldNumber, WireFormat.WireType.LengthDelimited);
        writer._coded.WriteString(learnedNet);
        foreach (Blob blob in progress.History)
            writer.WriteBlob(SolverState.HistoryFieldNumber, blob, withDiff: false);
        writer.WriteTag(SolverState.CurrentStepFieldNumber, WireFormat.WireType.Varint);
        writer._coded.WriteInt32(progress.CurrentStep);
        if (progress.Plateau is not { } plateau)
            return;
        writer.WriteTag(SolverState.MinimumLossFieldNumber, WireFormat.WireType.Fixed32);
        writer._coded.WriteFloat(plateau.MinimumLoss);
        writer.WriteTag(SolverState.IterLastEventFieldNumber, WireFormat.WireType.Varint);
        writer._coded.WriteInt32(plateau.LastEvent);
    }

    /// <summary>Passes on what is still buffered; the stream stays open.</summary>
    public void Dispose() => _coded.Dispose();

    private void WriteLayer(BareLayer layer, IReadOnlyList<Blob> blobs, bool withDiff)
    {
        WriteHeader(NetParameter.LayerFieldNumber, layer.Size);
        WriteRaw(layer.Bytes.AsSpan(0, layer.BlobsAt));
        foreach (Blob blob in blobs)
            WriteBlob(LayerParameter.BlobsFieldNumber, blob, withDiff);
        WriteRaw(layer.Bytes.AsSpan(layer.BlobsAt));
    }

    private void WriteBlob(int field, Blob blob, bool withDiff)
    {
        WriteHeader(field, BlobSize(blob, withDiff));
        WriteFloats(BlobProto.DataFieldNumber, blob.Data);
        if (withDiff)
            WriteFloats(BlobProto.DiffFieldNumber, blob.Diff);
        int dimensions = DimensionsSize(blob);
        WriteHeader(BlobProto.ShapeFieldNumber, ShapeSize(dimensions));
        if (dimensions > 0)
            WriteHeader(BlobShape.DimFieldNumber, dimensions);
        foreach (int length in blob.Shape)
            _coded.WriteInt64(length);

        // The spans are of native memory, which a blob that is collected takes with it.
        GC.KeepAlive(blob);
    }

    private void WriteFloats(int field, ReadOnlySpan<float> values)
    {
        if (values.Length == 0)
            return;
        WriteHeader(field, sizeof(float) * (long)values.Length);
        WriteRaw(MemoryMarshal.AsBytes(values));
    }

    private void WriteHeader(int field, long size)
    {
        WriteTag(field, WireFormat.WireType.LengthDelimited);
        _coded.WriteLength((int)size);
    }

    private void WriteTag(int field, WireFormat.WireType type) => _coded.WriteTag(field, type);

    private void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        _coded.Flush();
        _stream.Write(bytes);
    }

    private static long BlobSize(Blob blob, bool withDiff)
    {
        long values = blob.Count == 0 ? 0 : FieldSize(BlobProto.DataFieldNumber, sizeof(float) * (long)blob.Count);
        return (withDiff ? 2 * values : values)
            + FieldSize(BlobProto.ShapeFieldNumber, ShapeSize(DimensionsSize(blob)));
    }

    private static long ShapeSize(int dimensions) =>
        dimensions == 0 ? 0 : FieldSize(BlobShape.DimFieldNumber, dimensions);

    private static int DimensionsSize(Blob blob)
    {
        int size = 0;
        foreach (int length in blob.Shape)
            size += CodedOutputStream.ComputeInt64Size(length);
        return size;
    }

    private static long FieldSize(int field, long size) =>
        CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeUInt64Size((ulong)size) + size;

    private static void RequireFits(long size, string what)
    {
        // Room for the name and the other small fields.
        if (size > int.MaxValue - (1 << 20))
        {
            throw new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                $"a {what} of {size} bytes does not fit into a protobuf message, which ends at 2 GiB; "
                + "set snapshot_format: HDF5 in the solver");
        }
    }

    /// <summary>A layer's message without its blobs, and where among its bytes they belong.</summary>
    private readonly record struct BareLayer(byte[] Bytes, int BlobsAt, long Size)
    {
        public static BareLayer Of(LayerWeights layer, bool withDiff)
        {
            byte[] bytes = WithoutBlobs(layer.Parameter, out int blobsAt);
            long size = bytes.Length;
            foreach (Blob blob in layer.Blobs)
                size += FieldSize(LayerParameter.BlobsFieldNumber, BlobSize(blob, withDiff));
            return new(bytes, blobsAt, size);
        }

        private static byte[] WithoutBlobs(LayerParameter parameter, out int blobsAt)
        {
            LayerParameter bare = parameter;
            if (parameter.Blobs.Count > 0)
            {
                bare = parameter.Clone();
                bare.Blobs.Clear();
            }

            // Protobuf writes fields by number; the blobs come before the first field of a greater one.
            byte[] bytes = bare.ToByteArray();
            var reader = new CodedInputStream(bytes);
            blobsAt = bytes.Length;
            for (long at = 0; reader.ReadTag() is var tag and not 0; at = reader.Position)
            {
                if (WireFormat.GetTagFieldNumber(tag) > LayerParameter.BlobsFieldNumber)
                {
                    blobsAt = (int)at;
                    break;
                }

                reader.SkipLastField();
            }

            return bytes;
        }
    }
}
