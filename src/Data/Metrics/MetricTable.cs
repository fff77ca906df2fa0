using Parquet;
using Parquet.Schema;

namespace CaffeActors.Data.Metrics;

/// <summary>
/// Metric rows to and from one Parquet file: eight columns, one row group, zstd. The library's calls are made on
/// memory, where they complete at once, so nothing here waits for a task.
/// </summary>
internal static class MetricTable
{
    private static readonly DataField _step = new DataField<long>("step", false);
    private static readonly DataField _epoch = new DataField<double>("epoch", true);
    private static readonly DataField _split = new("split", typeof(string), false);
    private static readonly DataField _name = new("name", typeof(string), false);
    private static readonly DataField _value = new DataField<double>("value", false);
    private static readonly DataField _wallTime = new DateTimeDataField(
        "wall_time", DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Micros, isNullable: false);

    private static readonly DataField _rank = new DataField<int>("rank", false);
    private static readonly DataField _segment = new DataField<int>("segment", false);
    private static readonly ParquetSchema _schema =
        new(_step, _epoch, _split, _name, _value, _wallTime, _rank, _segment);

    private static readonly ParquetOptions _options = new()
    {
        CompressionMethod = CompressionMethod.Zstd,
        CompressionLevel = System.IO.Compression.CompressionLevel.Fastest,
    };

    /// <summary>Writes a whole file.</summary>
    public static void Write(IReadOnlyList<MetricRow> rows, MemoryStream stream) =>
        WriteAsync(rows, stream).GetAwaiter().GetResult();

    /// <summary>Reads a whole file.</summary>
    public static List<MetricRow> Read(MemoryStream stream) => ReadAsync(stream).GetAwaiter().GetResult();

    private static async Task WriteAsync(IReadOnlyList<MetricRow> rows, MemoryStream stream)
    {
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(_schema, stream, _options);
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        await group.WriteAsync<long>(_step, Column(rows, row => row.Step));
        await group.WriteAsync<double>(_epoch, (ReadOnlyMemory<double?>)Column(rows, row => row.Epoch));
        await group.WriteAsync(_split, Column(rows, row => row.Split));
        await group.WriteAsync(_name, Column(rows, row => row.Name));
        await group.WriteAsync<double>(_value, Column(rows, row => row.Value));
        await group.WriteAsync<DateTime>(_wallTime, Column(rows, row => row.WallTime.UtcDateTime));
        await group.WriteAsync<int>(_rank, Column(rows, row => row.Rank));
        await group.WriteAsync<int>(_segment, Column(rows, row => row.Segment));
        group.CompleteValidate();
    }

    private static async Task<List<MetricRow>> ReadAsync(MemoryStream stream)
    {
        var rows = new List<MetricRow>();
        await using ParquetReader reader = await ParquetReader.CreateAsync(stream);
        for (int index = 0; index < reader.RowGroupCount; index++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(index);
            int count = checked((int)group.RowCount);
            var (step, epoch) = (new long[count], new double?[count]);
            var (split, name) = (new string[count], new string[count]);
            var (value, wallTime) = (new double[count], new DateTime[count]);
            var (rank, segment) = (new int[count], new int[count]);
            await group.ReadAsync<long>(_step, step);
            await group.ReadAsync<double>(_epoch, (Memory<double?>)epoch);
            await group.ReadAsync(_split, split);
            await group.ReadAsync(_name, name);
            await group.ReadAsync<double>(_value, value);
            await group.ReadAsync<DateTime>(_wallTime, wallTime);
            await group.ReadAsync<int>(_rank, rank);
            await group.ReadAsync<int>(_segment, segment);
            for (int i = 0; i < count; i++)
            {
                var time = new DateTimeOffset(DateTime.SpecifyKind(wallTime[i], DateTimeKind.Utc));
                rows.Add(new(step[i], epoch[i], split[i], name[i], value[i], time, rank[i], segment[i]));
            }
        }

        return rows;
    }

    private static T[] Column<T>(IReadOnlyList<MetricRow> rows, Func<MetricRow, T> pick)
    {
        var column = new T[rows.Count];
        for (int i = 0; i < column.Length; i++)
            column[i] = pick(rows[i]);
        return column;
    }
}
