using System.Buffers.Binary;
using System.Globalization;
using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Files;
using CaffeActors.Data.Runs;
using Google.Protobuf;

namespace CaffeActors.Analysis.Export;

/// <summary>
/// A run's metrics as an event file of TensorBoard: TFRecords (length, its checksum, bytes, their checksum, all little
/// endian) of <c>Event</c> messages with a scalar each. A tag is SPLIT/NAME; of workers other than the root /RANK is
/// added. Values become 32-bit floats.
/// </summary>
public static class TensorBoardExport
{
    // Fields of tensorflow's Event, Summary and Summary.Value messages.
    private const int WallTimeField = 1;
    private const int StepField = 2;
    private const int FileVersionField = 3;
    private const int SummaryField = 5;
    private const int ValueField = 1;
    private const int TagField = 1;
    private const int SimpleValueField = 2;
    private const string FileVersion = "brain.Event:2";
    private const double MicrosecondsPerSecond = 1e6;

    /// <summary>Writes a run's rows that count, by segment and step.</summary>
    /// <param name="database">Where the run is.</param>
    /// <param name="run">The run.</param>
    /// <param name="folder">The folder that TensorBoard is shown; made where it is missing.</param>
    /// <returns>The file written, named after the run; an older one is replaced.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1404: it cannot be written; CFA1502: a part file is
    /// damaged.</exception>
    public static string Write(MetricDatabase database, RunRecord run, string folder)
    {
        AtomicFile.MakeDirectory(folder);
        long created = run.Manifest.Created.ToUnixTimeSeconds();
        string path = Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture, $"events.out.tfevents.{created}.{run.Manifest.RunId}"));
        AtomicFile.Write(path, stream =>
        {
            WriteRecord(stream, Event(created, 0, output =>
            {
                output.WriteTag(FileVersionField, WireFormat.WireType.LengthDelimited);
                output.WriteString(FileVersion);
            }));
            using QueryResult result = database.Query($"""
                SELECT split, name, rank, step, value, epoch_us(wall_time) FROM metrics
                WHERE run_id = {SqlText.Of(run.Manifest.RunId)} AND name <> 'segment_start'
                ORDER BY segment, step, split, name, rank
                """);
            foreach (object?[] row in result.Rows())
            {
                string tag = row[2] is int rank and > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"{row[0]}/{row[1]}/{rank}") : $"{row[0]}/{row[1]}";
                byte[] value = Message(output =>
                {
                    output.WriteTag(TagField, WireFormat.WireType.LengthDelimited);
                    output.WriteString(tag);
                    output.WriteTag(SimpleValueField, WireFormat.WireType.Fixed32);
                    output.WriteFloat((float)(double)row[4]!);
                });
                byte[] summary = Message(output => WriteMessage(output, ValueField, value));
                WriteRecord(stream, Event((long)row[5]! / MicrosecondsPerSecond, (long)row[3]!,
                    output => WriteMessage(output, SummaryField, summary)));
            }
        });
        return path;
    }

    private static byte[] Event(double wallTime, long step, Action<CodedOutputStream> what) => Message(output =>
    {
        output.WriteTag(WallTimeField, WireFormat.WireType.Fixed64);
        output.WriteDouble(wallTime);
        output.WriteTag(StepField, WireFormat.WireType.Varint);
        output.WriteInt64(step);
        what(output);
    });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
            write(output);
        return bytes.ToArray();
    }

    private static void WriteMessage(CodedOutputStream output, int field, byte[] message)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(message));
    }

    private static void WriteRecord(Stream stream, byte[] record)
    {
        Span<byte> head = stackalloc byte[sizeof(ulong) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[sizeof(ulong)..], MaskedCrc32C.Of(head[..sizeof(ulong)]));
        stream.Write(head);
        stream.Write(record);
        Span<byte> tail = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedCrc32C.Of(record));
        stream.Write(tail);
    }
}
