using System.Data.Common;
using DuckDB.NET.Data;

namespace CaffeActors.Analysis.Queries;

/// <summary>
/// What a query gives: columns, and rows that are read one by one, so that a result may be larger than the memory.
/// </summary>
public sealed class QueryResult : IDisposable
{
    private readonly DuckDBCommand _command;
    private readonly DuckDBDataReader _reader;
    private readonly Func<DbException, Exception> _failure;
    private readonly bool[] _haveZone;

    internal QueryResult(DuckDBCommand command, DuckDBDataReader reader, Func<DbException, Exception> failure)
    {
        _command = command;
        _reader = reader;
        _failure = failure;
        Columns = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
        _haveZone =
        [
            .. Enumerable.Range(0, reader.FieldCount)
                .Select(i => reader.GetDataTypeName(i).Equals("TimestampTz", StringComparison.OrdinalIgnoreCase)),
        ];
    }

    /// <summary>The columns' names.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Reads the rows; once. Values are null, bool, numbers, string, DateTime (of kind UTC where the column
    /// has a time zone), or what else DuckDB has.</summary>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1502: a part file is damaged; CFA1803: the query failed
    /// on the way.</exception>
    public IEnumerable<object?[]> Rows()
    {
        while (Next() is { } row)
            yield return row;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _command.Dispose();
    }

    private object Value(int i) => _reader.GetValue(i) is var value && _haveZone[i] && value is DateTime time
        ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : value;

    private object?[]? Next()
    {
        try
        {
            if (!_reader.Read())
                return null;
            var row = new object?[Columns.Count];
            for (int i = 0; i < row.Length; i++)
                row[i] = _reader.IsDBNull(i) ? null : Value(i);
            return row;
        }
        catch (DbException exception)
        {
            throw _failure(exception);
        }
    }
}
