using System.Globalization;
using System.Text;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using CaffeActors.Benchmarks.Comparison;
using Perfolizer.Horology;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>
/// The kernels by themselves, by BenchmarkDotNet. Usage:
/// <c>kernels [--threads N] [--plain] [--output FILE.md] [BenchmarkDotNet's own words]</c>, such as
/// <c>--filter *Gemm* *Convolution*</c>, or <c>--list flat</c>; plain leaves all convolutions to the implicit product,
/// neither by Winograd's method nor by the depthwise kernel. They run in this process, so nothing is built or
/// fetched meanwhile. BenchmarkDotNet's tables go to artifacts/benchmarks; the output is a shorter one.
/// </summary>
internal static class KernelBenchmarks
{
    public static int Run(string[] args)
    {
        List<string> words = [.. args];
        KernelSettings.Threads = int.Parse(Take(words, "--threads") ?? "0", CultureInfo.InvariantCulture);
        KernelSettings.IsPlain = words.Remove("--plain");
        string? output = Take(words, "--output");
        if (!words.Contains("--filter") && !words.Contains("--list"))
            words.AddRange(["--filter", "*"]);
        Summary[] summaries =
            [.. BenchmarkSwitcher.FromAssembly(typeof(KernelBenchmarks).Assembly).Run([.. words], Config())];
        if (output is not null)
            MarkdownFile.Write(output, "kernels", string.Join('\n', summaries.Select(Table)));
        return summaries.All(summary => summary.Reports.All(report => report.Success)) ? 0 : 1;
    }

    private static string? Take(List<string> words, string name)
    {
        int at = words.IndexOf(name);
        if (at < 0)
            return null;
        string value = at + 1 < words.Count ? words[at + 1] : throw new ArgumentException($"{name} needs a value");
        words.RemoveRange(at, 2);
        return value;
    }

    // A row for each piece of work, a column for each benchmark of it.
    private static string Table(Summary summary)
    {
        string[] benchmarks = [.. summary.BenchmarksCases.Select(Name).Distinct()];
        var works = summary.BenchmarksCases.GroupBy(work => work.Parameters.Items[0].Value).ToList();
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"| {((IWork)works[0].Key).Unit} | {string.Join(" | ", benchmarks)} |");
        text.Append('|').Insert(text.Length, "---|", benchmarks.Length + 1).AppendLine();
        foreach (var work in works)
        {
            IEnumerable<string> speeds =
                benchmarks.Select(name => Speed(work.First(benchmark => Name(benchmark) == name)));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {work.Key} | {string.Join(" | ", speeds)} |");
        }

        return text.ToString();

        string Speed(BenchmarkCase work) => SpeedColumn.Of(summary, work, statistics => statistics.Median) is { } speed
            ? speed.ToString("F0", CultureInfo.InvariantCulture) : "";
    }

    private static string Name(BenchmarkCase work) => work.Descriptor.WorkloadMethod.Name;

    private static IConfig Config() => ManualConfig.CreateEmpty()
        .AddJob(Job.Default
            .WithToolchain(InProcessNoEmitToolchain.Instance)
            .WithMinIterationTime(TimeInterval.FromMilliseconds(20))
            .WithIterationTime(TimeInterval.FromMilliseconds(50))
            .WithWarmupCount(2)
            .WithIterationCount(20))
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(MarkdownExporter.GitHub)
        .AddColumn(
            TargetMethodColumn.Method, StatisticColumn.Median, StatisticColumn.Min,
            new SpeedColumn("Speed", statistics => statistics.Median),
            new SpeedColumn("Best speed", statistics => statistics.Min))
        .AddColumnProvider(DefaultColumnProviders.Params)
        .WithArtifactsPath(Path.Combine("artifacts", "benchmarks"))
        .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(60));
}
