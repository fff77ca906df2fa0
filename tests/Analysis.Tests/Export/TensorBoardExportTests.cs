using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CaffeActors.Analysis.Export;
using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Export;

/// <summary>Reads the event file back by the formats' descriptions alone.</summary>
public sealed class TensorBoardExportTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void File_HoldsTheRowsThatCount()
    {
        DateTimeOffset created = _runs.Time.GetUtcNow();
        RunRecord run = _runs.Add("a", sink =>
        {
            _runs.Curve(sink, "loss", 3, 1.5);
            sink.Add(20, "train", "replica_loss", double.NaN, rank: 2);
        });
        using MetricDatabase database = MetricDatabase.Open([run]);
        string path = TensorBoardExport.Write(database, run, _runs.At("boards"));
        Assert.Equal($"events.out.tfevents.{created.ToUnixTimeSeconds()}.{run.Manifest.RunId}", Path.GetFileName(path));
        double start = (created - DateTimeOffset.UnixEpoch).TotalSeconds;
        string[] events = [.. Records(File.ReadAllBytes(path)).Select(record => Event(record, start))];
        Assert.Equal(
            ["brain.Event:2", "train/loss 10 3 at 1", "train/loss 20 1.5 at 2", "train/replica_loss/2 20 NaN at 2"],
            events);
    }

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            byte[] record = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(Masked(record), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            at += 16 + length;
            yield return record;
        }
    }

    private static string Event(byte[] record, double start)
    {
        Dictionary<int, object> fields = Fields(record);
        if (fields.TryGetValue(3, out object? version))
            return Encoding.UTF8.GetString((byte[])version);
        Dictionary<int, object> value = Fields((byte[])Fields((byte[])fields[5])[1]);
        return string.Create(CultureInfo.InvariantCulture,
            $"{Encoding.UTF8.GetString((byte[])value[1])} {fields[2]} {value[2]} at {(double)fields[1] - start:F0}");
    }

    // Protobuf by hand: a tag is the field's number times eight plus the kind of what follows.
    private static Dictionary<int, object> Fields(byte[] message)
    {
        Dictionary<int, object> fields = [];
        int at = 0;
        while (at < message.Length)
        {
            int tag = (int)Varint();
            fields[tag >> 3] = (tag & 7) switch
            {
                0 => Varint(),
                1 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8)),
                2 => Take((int)Varint()),
                5 => BinaryPrimitives.ReadSingleLittleEndian(Take(4)),
                _ => throw new InvalidDataException($"kind {tag & 7}"),
            };
        }

        return fields;

        byte[] Take(int count) => message[at..(at += count)];

        long Varint()
        {
            long number = 0;
            for (int shift = 0; ; shift += 7)
            {
                number |= (long)(message[at] & 127) << shift;
                if (message[at++] < 128)
                    return number;
            }
        }
    }

    // CRC-32C bit by bit: polynomial 0x1EDC6F41, reflected.
    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }
}
