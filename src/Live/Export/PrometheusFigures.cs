using System.Globalization;
using System.Text;
using CaffeActors.Actors.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace CaffeActors.Live.Export;

/// <summary>
/// The figures of <see cref="TrainingMeter"/> in Prometheus's text form (version 0.0.4). OpenTelemetry collects and
/// adds them up; its own package for this form is not released yet.
/// </summary>
internal sealed class PrometheusFigures : IDisposable
{
    private readonly Exporter _exporter = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;
    private readonly Lock _lock = new();

    /// <summary>Begins to listen.</summary>
    public PrometheusFigures()
    {
        _reader = new BaseExportingMetricReader(_exporter);
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(TrainingMeter.Name).AddReader(_reader).Build();
    }

    /// <summary>The text.</summary>
    public string Write()
    {
        lock (_lock)
        {
            _exporter.Text.Clear();
            _reader.Collect();
            return _exporter.Text.ToString();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();

    /// <summary>An instrument's name as Prometheus has it: unit and kind behind it.</summary>
    /// <param name="name">The name, with dots.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="counts">Whether it only rises.</param>
    internal static string NameOf(string name, string unit, bool counts) =>
        name.Replace('.', '_') + unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" }
        + (counts ? "_total" : "");

    /// <summary>A number: whole ones and others, and what is none.</summary>
    internal static string NumberOf(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static void Labels(StringBuilder text, IEnumerable<KeyValuePair<string, object?>> labels)
    {
        string all = string.Join(
            ',', labels.Select(label => $"{label.Key.Replace('.', '_')}=\"{Escape($"{label.Value}")}\""));
        if (all.Length > 0)
            text.Append('{').Append(all).Append('}');
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Exporter : BaseExporter<Metric>
    {
        public StringBuilder Text { get; } = new();

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (Metric metric in batch)
                Write(metric);
            return ExportResult.Success;
        }

        private void Write(Metric metric)
        {
            (string kind, bool counts) = metric.MetricType switch
            {
                MetricType.LongSum or MetricType.DoubleSum => ("counter", true),
                MetricType.Histogram => ("histogram", false),
                _ => ("gauge", false),
            };
            string name = NameOf(metric.Name, metric.Unit, counts);
            Text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {metric.Description}\n# TYPE {name} {kind}\n");
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            {
                List<KeyValuePair<string, object?>> labels = [];
                foreach (KeyValuePair<string, object?> tag in point.Tags)
                    labels.Add(tag);
                if (metric.MetricType == MetricType.Histogram)
                    Histogram(name, point, labels);
                else
                    Line(name, labels, ValueOf(metric.MetricType, point));
            }
        }

        private void Histogram(string name, in MetricPoint point, List<KeyValuePair<string, object?>> labels)
        {
            long sum = 0;
            foreach (HistogramBucket bucket in point.GetHistogramBuckets())
            {
                sum += bucket.BucketCount;
                Line(name + "_bucket", [.. labels, new("le", NumberOf(bucket.ExplicitBound))], sum);
            }

            Line(name + "_sum", labels, point.GetHistogramSum());
            Line(name + "_count", labels, point.GetHistogramCount());
        }

        private static double ValueOf(MetricType type, in MetricPoint point) => type switch
        {
            MetricType.LongSum => point.GetSumLong(),
            MetricType.DoubleSum => point.GetSumDouble(),
            MetricType.LongGauge => point.GetGaugeLastValueLong(),
            _ => point.GetGaugeLastValueDouble(),
        };

        private void Line(string name, List<KeyValuePair<string, object?>> labels, double value)
        {
            Text.Append(name);
            Labels(Text, labels);
            Text.Append(' ').Append(NumberOf(value)).Append('\n');
        }
    }
}
