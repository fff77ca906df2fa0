using System.Text;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Tools;

public sealed class DatabaseStatTests
{
    [Fact]
    public void Collect_CountsRecordsShapesAndLabels()
    {
        using var folder = new TemporaryFolder();
        var floats = new Datum { Channels = 2, Height = 1, Width = 1, Label = -1 };
        floats.FloatData.Add([1, 2]);
        var bytes = new Datum { Channels = 1, Height = 1, Width = 2, Label = 5, Data = ByteString.CopyFrom(1, 2) };
        using (var writer = new LmdbWriter(folder.At("db")))
        {
            writer.Put("a"u8, bytes.ToByteArray());
            writer.Put("bb"u8, floats.ToByteArray());
            writer.Put("c"u8, bytes.ToByteArray());
            writer.Put("d"u8, new Datum { Encoded = true, Data = ByteString.CopyFrom(1) }.ToByteArray());
            writer.Put("e"u8, new Datum(bytes) { Width = 3 }.ToByteArray());
            writer.Put("f"u8, [0xFF]);
            writer.Complete();
        }

        using var source = new LmdbSource(folder.At("db"));
        DatabaseStat stat = DatabaseStat.Collect(source);
        Assert.Equal((6L, 7L, 1L, 1L, 2L), (stat.Records, stat.KeyBytes, stat.Encoded, stat.Floats, stat.Damaged));
        Assert.Equal((3L * bytes.CalculateSize()) + floats.CalculateSize() + 5 + 1, stat.ValueBytes);
        Assert.Equal("a", Encoding.ASCII.GetString(stat.FirstKey!));
        Assert.Equal("f", Encoding.ASCII.GetString(stat.LastKey!));
        Assert.Equal(
            [((0, 0, 0), 1), ((1, 1, 2), 2), ((2, 1, 1), 1)], stat.Shapes.Select(shape => (shape.Key, shape.Value)));
        Assert.Equal([(-1, 1), (0, 1), (5, 2)], stat.Labels.Select(label => (label.Key, label.Value)));
    }

    [Fact]
    public void Collect_OfNoRecords_IsAllZero()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbWriter(folder.At("db")))
            writer.Complete();
        using var source = new LmdbSource(folder.At("db"));
        DatabaseStat stat = DatabaseStat.Collect(source);
        Assert.Equal((0L, null, null), (stat.Records, stat.FirstKey, stat.LastKey));
        Assert.Empty(stat.Shapes);
    }
}
