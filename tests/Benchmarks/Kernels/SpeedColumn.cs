using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Mathematics;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>What a kernel does in a second, by its median time or by its least one: on a machine that others use too
/// the least of many is what repeats.</summary>
/// <param name="id">The column's name.</param>
/// <param name="time">Which time counts.</param>
internal sealed class SpeedColumn(string id, Func<Statistics, double> time) : IColumn
{
    /// <summary>In billions a second; null where the benchmark failed.</summary>
    public static double? Of(Summary summary, BenchmarkCase benchmarkCase, Func<Statistics, double> time)
    {
        // Times are in nanoseconds.
        var work = (IWork)benchmarkCase.Parameters.Items[0].Value;
        return summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? work.AmountOf(benchmarkCase.Descriptor.WorkloadMethod.Name) / time(statistics) : null;
    }

    /// <inheritdoc/>
    public string Id => id;

    /// <inheritdoc/>
    public string ColumnName => id;

    /// <inheritdoc/>
    public bool AlwaysShow => true;

    /// <inheritdoc/>
    public ColumnCategory Category => ColumnCategory.Custom;

    /// <inheritdoc/>
    public int PriorityInCategory => 0;

    /// <inheritdoc/>
    public bool IsNumeric => true;

    /// <inheritdoc/>
    public UnitType UnitType => UnitType.Dimensionless;

    /// <inheritdoc/>
    public string Legend => $"{id}: operations, or bytes read and written, a second";

    /// <inheritdoc/>
    public bool IsAvailable(Summary summary) => true;

    /// <inheritdoc/>
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var work = (IWork)benchmarkCase.Parameters.Items[0].Value;
        return Of(summary, benchmarkCase, time) is { } speed
            ? string.Create(CultureInfo.InvariantCulture, $"{speed:F1} {work.Unit}") : "-";
    }

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);
}
