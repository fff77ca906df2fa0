using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Logs;

/// <summary>
/// Caffe's <c>parse_log.py</c>: writes a log's outputs as two tables, <c>LOG.train</c> and <c>LOG.test</c>, with the
/// columns NumIters, Seconds, LearningRate and the outputs; the same bytes, line ends (CR LF) included.
/// </summary>
public static class ParseLogTool
{
    private const string LineEnd = "\r\n";

    /// <summary>Writes the tables of a log; one without rows is not written.</summary>
    /// <param name="logPath">The log.</param>
    /// <param name="outputDirectory">Where the tables go; made where it is missing.</param>
    /// <param name="delimiter">Between columns.</param>
    /// <returns>The files written.</returns>
    /// <exception cref="CaffeException">
    /// CFA1005: the log cannot be read; CFA1404: a table cannot be written; CFA1502: the log has outputs that its
    /// first row has not.
    /// </exception>
    public static IReadOnlyList<string> Run(string logPath, string outputDirectory, char delimiter = ',')
    {
        CaffeLog log = Read(logPath, CaffeLogParser.Parse);
        AtomicFile.MakeDirectory(outputDirectory);
        List<string> written = [];
        string stem = Path.Combine(outputDirectory, Path.GetFileName(logPath));
        foreach ((LogTable table, string suffix) in new[] { (log.Train, ".train"), (log.Test, ".test") })
        {
            if (table.Rows.Count == 0)
                continue;
            AtomicFile.WriteText(stem + suffix, Format(table, delimiter));
            written.Add(stem + suffix);
        }

        return written;
    }

    /// <summary>Writes a log's <see cref="GnuplotTables"/>; tables without rows have their first line.</summary>
    /// <param name="logPath">The log.</param>
    /// <param name="outputDirectory">Where the tables go; made where it is missing.</param>
    /// <returns>The files written.</returns>
    /// <exception cref="CaffeException">CFA1501: the log cannot be read; CFA1404: a table cannot be
    /// written.</exception>
    public static IReadOnlyList<string> RunForGnuplot(string logPath, string outputDirectory)
    {
        GnuplotTables tables = Read(logPath, GnuplotTables.Parse);
        AtomicFile.MakeDirectory(outputDirectory);
        string stem = Path.Combine(outputDirectory, Path.GetFileName(logPath));
        AtomicFile.WriteText(stem + ".train", tables.Train);
        AtomicFile.WriteText(stem + ".test", tables.Test);
        return [stem + ".train", stem + ".test"];
    }

    /// <summary>A table as text.</summary>
    /// <param name="table">A table with one row or more.</param>
    /// <param name="delimiter">Between columns.</param>
    /// <exception cref="CaffeException">CFA1502: a row has an output that the first has not.</exception>
    public static string Format(LogTable table, char delimiter = ',')
    {
        var text = new StringBuilder();
        AppendLine(["NumIters", "Seconds", "LearningRate", .. table.Outputs]);
        foreach (LogRow row in table.Rows)
        {
            Dictionary<string, double> outputs = new(row.Outputs);
            List<string> cells =
                [PythonNumber.Repr(row.Iteration), PythonNumber.Repr(row.Seconds), PythonNumber.Repr(row.LearningRate)];
            foreach (string name in table.Outputs)
                cells.Add(outputs.Remove(name, out double value) ? PythonNumber.Repr(value) : "");
            if (outputs.Count > 0)
                throw Unexpected(row, outputs.Keys.First());
            AppendLine(cells);
        }

        return text.ToString();

        void AppendLine(List<string> cells) =>
            text.AppendJoin(delimiter, cells.Select(cell => Quote(cell, delimiter))).Append(LineEnd);
    }

    private static CaffeException Unexpected(LogRow row, string output) =>
        new(ErrorCodes.BadRecord, FailureKind.Data, string.Create(CultureInfo.InvariantCulture,
            $"iteration {row.Iteration} has an output '{output}' that the log's first row has not; ")
            + "if the log holds several runs, cut it into one file each");

    // As csv.excel does: only where it must be.
    private static string Quote(string cell, char delimiter) =>
        cell.AsSpan().ContainsAny(delimiter, '"') ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : cell;

    /// <summary>Reads a log; dates without a year begin in the one in which the file was made.</summary>
    internal static TResult Read<TResult>(string logPath, Func<TextReader, int, TResult> parse)
    {
        try
        {
            using var reader = new StreamReader(logPath);
            return parse(reader, File.GetCreationTime(logPath).Year);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                $"the log '{logPath}' cannot be read: {exception.Message}", inner: exception);
        }
    }
}
