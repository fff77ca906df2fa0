using System.Data.Common;
using CaffeActors.Analysis.Runs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using DuckDB.NET.Data;

namespace CaffeActors.Analysis.Queries;

/// <summary>
/// The metrics of some runs as a database in memory: the view <c>metrics</c> of the rows that count, <c>recorded</c> of
/// all rows, also those a resume has replaced (both: the columns of docs/metrics.md and <c>run_id</c>), and the table
/// <c>runs</c> (<see cref="RunTable"/>). The part files stay where they are; those written later are not seen. Nothing
/// is fetched from elsewhere. Not thread-safe.
/// </summary>
public sealed class MetricDatabase : IDisposable
{
    private const string Columns = "step, epoch, split, name, value, wall_time, rank, segment";

    private const string NoRows = "SELECT NULL::BIGINT AS step, NULL::DOUBLE AS epoch, NULL::VARCHAR AS split, "
        + "NULL::VARCHAR AS name, NULL::DOUBLE AS value, NULL::TIMESTAMPTZ AS wall_time, NULL::INTEGER AS rank, "
        + "NULL::INTEGER AS segment, NULL::VARCHAR AS run_id WHERE false";

    // The folder's name of .../run_id=ID/metrics/part-00000.parquet, on any system.
    private const string IdInPath = RunDirectory.FolderPrefix + @"([^/\\]*)[/\\][^/\\]*[/\\][^/\\]*$";

    private readonly DuckDBConnection _connection;
    private readonly string[] _parts;

    private MetricDatabase(DuckDBConnection connection, IReadOnlyList<RunRecord> runs, string[] parts)
    {
        _connection = connection;
        _parts = parts;
        Runs = runs;
    }

    /// <summary>The runs, in the order given.</summary>
    public IReadOnlyList<RunRecord> Runs { get; }

    /// <summary>Opens the metrics of runs.</summary>
    /// <param name="runs">The runs, each once; one without metrics has no rows.</param>
    /// <exception cref="CaffeException">CFA1502: a part file is damaged.</exception>
    public static MetricDatabase Open(IReadOnlyList<RunRecord> runs)
    {
        (RunRecord Run, string[] Parts)[] files =
        [
            .. runs.Select(run => (run, MetricReader.Parts(RunDirectory.MetricsPathOf(run.Path)).ToArray())),
        ];
        var connection = new DuckDBConnection("DataSource=:memory:");
        var database = new MetricDatabase(connection, runs, [.. files.SelectMany(run => run.Parts)]);
        try
        {
            connection.Open();
            // An analysis must give the same without a network; what does not fit the memory goes beside other
            // temporary files, not into the folder that the user happens to be in.
            database.Execute("SET autoinstall_known_extensions = false");
            database.Execute($"SET temp_directory = {SqlText.Of(Path.GetTempPath())}");
            database.Execute($"CREATE VIEW recorded AS {Recorded(files)}");
            database.Execute($"CREATE VIEW metrics AS {EffectiveRows.Sql("recorded")}");
            database.Execute($"CREATE TABLE runs AS {RunTable.Sql(runs)}");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs a query.</summary>
    /// <param name="sql">One statement of DuckDB's SQL.</param>
    /// <exception cref="CaffeException">CFA1803: it cannot be carried out; CFA1502: a part file is damaged.</exception>
    public QueryResult Query(string sql)
    {
        if (sql.AsSpan().Trim(" ;\t\r\n").IsEmpty)
        {
            throw new CaffeException(ErrorCodes.BadQuery, FailureKind.Configuration,
                "there is no statement in the query, as 'SELECT * FROM metrics LIMIT 10' is one");
        }

        DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.UseStreamingMode = true;
        try
        {
            return new(command, command.ExecuteReader(), FailureOf);
        }
        catch (DbException exception)
        {
            command.Dispose();
            throw FailureOf(exception);
        }
    }

    /// <summary>Runs a statement that gives nothing.</summary>
    internal void Execute(string sql)
    {
        using QueryResult result = Query(sql);
        foreach (object?[] _ in result.Rows())
        {
            // What a statement tells of itself, such as a count, is not asked for.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    // A run's id is read from its folder's name, which is one value for a whole file; a folder that was renamed, or
    // that lies alone, gives its manifest's. Hive partitioning would do it too, but takes every NAME=VALUE of a path
    // for a column, and so a folder 'name=x' above the runs for the column of that name.
    private static string Recorded((RunRecord Run, string[] Parts)[] files)
    {
        ILookup<bool, (RunRecord Run, string[] Parts)> named = files.Where(run => run.Parts.Length > 0)
            .ToLookup(run => Path.GetFileName(run.Run.Path) == RunDirectory.FolderPrefix + run.Run.Manifest.RunId);
        List<string> sources = [];
        if (named[true].Any())
        {
            sources.Add(Read(named[true].SelectMany(run => run.Parts), "filename = true",
                $"regexp_extract(filename, {SqlText.Of(IdInPath)}, 1)"));
        }

        sources.AddRange(named[false].Select(run =>
            Read(run.Parts, "filename = false", SqlText.Of(run.Run.Manifest.RunId))));
        return sources.Count > 0 ? string.Join(" UNION ALL ", sources) : NoRows;
    }

    private static string Read(IEnumerable<string> parts, string how, string runId) =>
        $"SELECT {Columns}, {runId} AS run_id FROM read_parquet({SqlText.List(parts.Select(SqlText.Of))}, {how}, "
        + "hive_partitioning = false)";

    private CaffeException FailureOf(DbException exception)
    {
        string? part = _parts.FirstOrDefault(part => exception.Message.Contains(part, StringComparison.Ordinal));
        return part is null
            ? new(ErrorCodes.BadQuery, FailureKind.Configuration, exception.Message, inner: exception)
            : new(ErrorCodes.BadRecord, FailureKind.Data,
                $"the metrics file '{part}' is damaged or no metrics file ({exception.Message}); delete it, or restore "
                + "it from a copy, to read the other parts", inner: exception);
    }
}
