using DuckDB.NET.Data;

namespace CaffeActors.Data.Tests.Metrics;

/// <summary>Runs SQL as a user of DuckDB would.</summary>
internal static class DuckDb
{
    /// <summary>The rows of a query; relative paths are looked up in a folder.</summary>
    public static List<object?[]> Query(string folder, string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SET file_search_path = '{folder}'";
        command.ExecuteNonQuery();
        command.CommandText = sql;
        using DuckDBDataReader reader = command.ExecuteReader();
        List<object?[]> rows = [];
        while (reader.Read())
        {
            var row = new object?[reader.FieldCount];
            for (int i = 0; i < row.Length; i++)
                row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(row);
        }

        return rows;
    }
}
