using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Text;
using CaffeActors.Benchmarks.Layers;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Benchmarks.Comparison;

/// <summary>
/// Training and inference of known nets side by side with a peer, each in processes of its own that run in turn, and
/// what each layer of ours takes; as tables in Markdown. Usage:
/// <c>compare [--peer COMMAND] [--threads N] [--rounds R] [--only PATTERN] [--output FILE.md]</c>. The peer is called
/// as <c>COMMAND NET BATCH ITERATIONS THREADS [infer]</c> and prints <c>median X ms</c>; for a case it cannot run it
/// ends with another code than 0. With a page that has markers, the tables take the place of what stands between them.
/// </summary>
internal static class CompareBenchmark
{
    public static int Run(string[] args)
    {
        var options = new CompareOptions(args);
        List<ComparedCase> cases = [.. ComparedCase.All.Where(
            what => FileSystemName.MatchesSimpleExpression(options.Only + "*", what.Title))];
        if (cases.Count == 0)
        {
            throw new ArgumentException(
                $"no case is like '{options.Only}'; there are "
                + string.Join(", ", ComparedCase.All.Select(what => what.Title)));
        }

        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Machine(options)}").AppendLine();
        text.AppendLine(Table(options, cases));
        bool right = true;
        foreach (ComparedCase what in cases.Where(what => what.Layers > 0))
            right &= AddLayers(text, what, options.Threads);
        Console.WriteLine(text);
        if (options.Output is { } file)
            MarkdownFile.Write(file, "nets", text.ToString());
        return right ? 0 : 1;
    }

    private static string Table(CompareOptions options, List<ComparedCase> cases)
    {
        var text = new StringBuilder();
        text.AppendLine("| net, batch | ms | images/s | peer ms | peer / ours | 1 thread / all | memory | peer's |");
        text.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (ComparedCase what in cases)
        {
            var runs = new CaseRuns(what);
            for (int round = 0; round < options.Rounds; round++)
                runs.Round(round, options.Peer, options.Threads);
            string row = string.Create(CultureInfo.InvariantCulture,
                $"| {what.Title} | {Number(runs.Own, "0.##")} | {what.Batch * 1e3 / runs.Own:F0} "
                + $"| {Number(runs.Peer, "0.##")} | {Number(runs.Ratio, "0.00")} | {Number(runs.Scaling, "0.00")} "
                + $"| {Mebibytes(runs.OwnPeak)} | {Mebibytes(runs.PeerPeak)} |");
            Console.Error.WriteLine(row);
            text.AppendLine(row);
        }

        return text.ToString();
    }

    private static bool AddLayers(StringBuilder text, ComparedCase what, int threads)
    {
        List<string> words = [.. Child.Self, "layers", what.Net, $"{what.Batch}", $"{what.Layers}", $"{threads}"];
        if (what.Infer)
            words.Add("infer");
        (int code, string output, _) = Child.Run(words);
        text.AppendLine(output.Trim()).AppendLine();
        Console.Error.WriteLine(output);
        return code == 0;
    }

    private static string Machine(CompareOptions options)
    {
        using var device = new CpuDevice(options.Threads);
        double peak = Enumerable.Range(0, 20).Max(_ => FmaPeak.Measure(device));
        return string.Create(CultureInfo.InvariantCulture,
            $"{Processor()}, {device.Threads} of {Environment.ProcessorCount} thread(s), kernels "
            + $"{device.Kernels.Name}, peak {peak / 1e9:F0} GFLOP/s; medians of "
            + $"{options.Rounds} rounds, ratios by round.");
    }

    private static string Processor()
    {
        const string Source = "/proc/cpuinfo";
        string? model = !File.Exists(Source) ? null
            : File.ReadLines(Source).FirstOrDefault(line => line.StartsWith("model name"));
        return model?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string Number(double value, string format) =>
        double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);

    private static string Mebibytes(long bytes) =>
        bytes == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB");
}
