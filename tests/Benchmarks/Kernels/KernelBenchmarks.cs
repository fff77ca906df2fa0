using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Perfolizer.Horology;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>
/// The kernels by themselves, by BenchmarkDotNet. Usage: <c>kernels [--threads N] [BenchmarkDotNet's own words]</c>,
/// such as <c>--filter *Gemm* *Convolution*</c>, or <c>--list flat</c>. They run in this process, so nothing is built or
/// fetched meanwhile; tables go to artifacts/benchmarks too.
/// </summary>
internal static class KernelBenchmarks
{
    public static int Run(string[] args)
    {
        List<string> words = [.. args];
        int at = words.IndexOf("--threads");
        if (at >= 0 && at + 1 < words.Count)
        {
            KernelSettings.Threads = int.Parse(words[at + 1], System.Globalization.CultureInfo.InvariantCulture);
            words.RemoveRange(at, 2);
        }

        if (!words.Contains("--filter") && !words.Contains("--list"))
            words.AddRange(["--filter", "*"]);
        IEnumerable<Summary> summaries =
            BenchmarkSwitcher.FromAssembly(typeof(KernelBenchmarks).Assembly).Run([.. words], Config());
        return summaries.All(summary => summary.Reports.All(report => report.Success)) ? 0 : 1;
    }

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
