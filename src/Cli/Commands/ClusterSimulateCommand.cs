using System.CommandLine;
using System.Globalization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Analysis.Charts;
using CaffeActors.Analysis.Scaling;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Tells what a run would be on more nodes than there are.</summary>
[Verb("cluster simulate", "Simulate training on many nodes: iteration time, efficiency, tree against ring.",
    "caffeactors cluster simulate --net alexnet --nodes 64 --bandwidth 25Gb --latency 10us --pass-ms 130", Notes = """
    Plays one iteration event by event: passes, sums of the net's buckets along the tree or ring that a run would
    take, the commit, the update. What layers take comes from a run's metrics (--run), or from their operations and
    what the whole pass takes (--pass-ms, as the command time tells it) or a device computes (--flops).
    sum_ms is what of the sums cannot be hidden behind the backward pass. See docs/scaling.md.
    """)]
internal sealed class ClusterSimulateCommand : VerbCommand
{
    private const int ChartWidth = 900, ChartHeight = 560;

    private static readonly string[] _columns =
    [
        "net", "nodes", "sum", "iteration_ms", "pass_ms", "sum_ms", "commit_ms", "update_ms", "sent_mb",
        "images_per_second", "speedup", "efficiency",
    ];

    private readonly Option<string> _net =
        new("--net") { Description = "Nets, comma-separated: files (prototxt), or names of those in configs/nets." };
    private readonly Option<string> _nodes = new("--nodes")
    {
        Description = "How many nodes, or a range that is doubled through, as 1:1024.",
        DefaultValueFactory = static _ => "1:64",
    };

    private readonly Option<string> _bandwidth = new("--bandwidth")
    {
        Description = "What a node's link carries each way: 25Gb (bits in a second), 3GB (bytes).",
        DefaultValueFactory = static _ => "25Gb",
    };

    private readonly Option<string> _latency = new("--latency")
    {
        Description = "From one node to another.",
        DefaultValueFactory = static _ => "10us",
    };

    private readonly Option<string> _reduction =
        new("--reduction") { Description = "tree or ring; default: both." };
    private readonly Option<string> _bucket = new("--bucket-size")
    {
        Description = "Gradients that travel together.",
        DefaultValueFactory = static _ => "1MiB",
    };

    private readonly Option<int?> _batch =
        new("--batch") { Description = "Images of a node's pass; default: the net's batch size." };
    private readonly Option<string> _scaling = new("--scaling")
    {
        Description = "weak: each node takes the batch; strong: they share it.",
        DefaultValueFactory = static _ => "weak",
    };

    private readonly Option<string> _compression = new("--compression")
    {
        Description = "off, or fp16: gradients travel in 16 bits.",
        DefaultValueFactory = static _ => "off",
    };

    private readonly Option<string> _run =
        new("--run") { Description = $"Take net and layers' times from a run: {RunOptions.Names}." };
    private readonly Option<double?> _passMs =
        new("--pass-ms") { Description = "Milliseconds of one node's forward and backward pass over its batch." };
    private readonly Option<string> _flops = new("--flops")
    {
        Description = "Operations that a node computes in a second.",
        DefaultValueFactory = static _ => "5T",
    };

    private readonly Option<string> _memory = new("--memory")
    {
        Description = "What a node's memory reads and writes, for adding and updating.",
        DefaultValueFactory = static _ => "20GB",
    };

    private readonly Option<string> _plot = new("--plot") { Description = "Draw speed-ups to a .png or .svg file." };
    private readonly Option<string[]> _shapes = InputShapeOption.Make();
    private readonly RunOptions _runs = new();
    private readonly ResultOptions _result = new();

    public override void Define(Command command)
    {
        foreach (Option option in (Option[])[
            _net, _nodes, _bandwidth, _latency, _reduction, _bucket, _batch, _scaling, _compression, _run, _passMs,
            _flops, _memory, _plot, _shapes])
        {
            command.Options.Add(option);
        }

        _runs.AddTo(command);
        _result.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        ResultForm form = _result.Of(arguments);
        if (arguments.GetValue(_plot) is { } wanted && !Chart.CanWrite(wanted))
            throw Usage($"--plot is a file that ends in .png or .svg, not '{wanted}'");
        bool isWeak = Choice(arguments, _scaling, "weak", "strong") == "weak";
        SumWay[] ways = arguments.GetValue(_reduction) is null ? [SumWay.Tree, SumWay.Ring]
            : Choice(arguments, _reduction, "tree", "ring") == "tree" ? [SumWay.Tree] : [SumWay.Ring];
        int[] nodes = NodesOf(arguments.GetValue(_nodes)!);
        RunRecord? run = arguments.GetValue(_run) is { } name ? _runs.Find(arguments, [name])[0] : null;
        string[] files = run is not null ? [Path.Combine(run.Path, "net.prototxt")]
            : arguments.GetValue(_net)?.Split(',') ?? throw Usage("say which net (--net) or which run (--run)");
        List<(string Net, ScalingRow[] Rows)> lines = [];
        foreach (string file in files)
        {
            string net = run?.Manifest.RunId ?? Path.GetFileNameWithoutExtension(file);
            ScalingStudy study = StudyOf(FileOf(file), run, arguments, terminal);
            foreach (SumWay way in ways)
            {
                lines.Add((net, [.. nodes.Where(count => isWeak || count <= study.Images)
                    .Select(count => isWeak ? study.Weak(way, count) : study.Strong(way, count))]));
            }
        }

        ResultOptions.Write(
            _columns, [.. lines.SelectMany(line => line.Rows.Select(row => Cells(line.Net, row)))], form, terminal);
        if (arguments.GetValue(_plot) is { } path)
        {
            ChartOf(lines, isWeak ? "Weak scaling" : "Strong scaling").Write(path, ChartWidth, ChartHeight);
            terminal.Error.WriteLine($"Drawn: {path}");
        }

        return Task.FromResult(ExitCodes.Done);
    }

    private static object?[] Cells(string net, ScalingRow row) =>
    [
        net, row.Nodes, NameOf(row.Way), Ms(row.Iteration.Total), Ms(row.Iteration.Pass),
        Ms(row.Iteration.Sum), Ms(row.Iteration.Commit), Ms(row.Iteration.Update),
        Math.Round(row.Iteration.BytesSent / 1e6, 1), Math.Round(row.ImagesPerSecond, 1), Math.Round(row.Speedup, 3),
        Math.Round(row.Efficiency, 4),
    ];

    private static double Ms(double seconds) => Math.Round(seconds * 1e3, 3);

    private static string NameOf(SumWay way) => way == SumWay.Tree ? "tree" : "ring";

    // Nodes are doubled from point to point, so both axes count doublings: the best is a straight line.
    private static Chart ChartOf(List<(string Net, ScalingRow[] Rows)> lines, string title)
    {
        double[] best = [.. lines.MaxBy(line => line.Rows.Length).Rows.Select(row => Math.Log2(row.Nodes))];
        return new Chart(
            title, "doublings of nodes (10: 1,024 nodes)", "doublings of images in a second",
            [
                new ChartLine("as many times as nodes", best, best),
                .. lines.Where(line => line.Rows.Length > 0).Select(line => new ChartLine(
                    $"{line.Net}, {NameOf(line.Rows[0].Way)}", [.. line.Rows.Select(row => Math.Log2(row.Nodes))],
                    [.. line.Rows.Select(row => Math.Log2(row.Speedup))])),
            ]);
    }

    private static int[] NodesOf(string text)
    {
        NodeRange range = NodeRange.TryParse(text)
            ?? throw Usage($"--nodes is {NodeRange.Expected}, not '{text}'");
        List<int> nodes = [];
        for (int count = range.Least; count < range.Most; count *= 2)
            nodes.Add(count);
        return [.. nodes, range.Most];
    }

    private ScalingStudy StudyOf(string file, RunRecord? run, ParseResult arguments, Terminal terminal)
    {
        double memory = Quantity.Bandwidth(arguments.GetValue(_memory)!, _memory.Name);
        var network = new NodeNetwork(
            Quantity.Bandwidth(arguments.GetValue(_bandwidth)!, _bandwidth.Name),
            Quantity.Time(arguments.GetValue(_latency)!, _latency.Name))
        {
            // Two sums are read and one is written.
            AddBytesPerSecond = memory / 3,
            // A message of control and its answer take 0.4 to 0.7 ms between two processes; of many that come at once
            // each takes some 10 µs.
            ControlDelay = 0.25e-3,
            ControlWork = 10e-6,
            Compression = Choice(arguments, _compression, "off", "fp16") == "off" ? 1 : 0.5,
        };
        long bucket = HoconUnits.TrySize(arguments.GetValue(_bucket)!) is >= 1 and { } size ? size
            : throw Usage($"--bucket-size is a size such as 4MiB, not '{arguments.GetValue(_bucket)}'");
        using CaffeNet session = Open(
            file, mayRead: run is not null && arguments.GetResult(_shapes) is null, new CaffeNetOptions
            {
                WithoutData = true,
                InputShapes = InputShapeOption.Of(arguments, _shapes),
                // A run on the images of the repository names its databases only.
                Folders = EmbeddedDataset.Find() is { } set ? [Path.GetDirectoryName(set)!] : [],
                Notice = terminal.Error.WriteLine,
                TellBuild = false,
            });
        Net net = session.Net;
        if (net.LearnableParams.Count == 0)
            throw Usage($"net '{net.Name}' has nothing to learn");
        NodePass pass = run is not null ? Measured(net, run, bucket, memory) : NodePassBuilder.OfOperations(
            net, Positive(arguments, _passMs) / 1e3, Quantity.Count(arguments.GetValue(_flops)!, _flops.Name), bucket,
            memory);
        double images = net.Layers.Where(layer => layer.Bottom.Length == 0 && layer.Top[0].AxisCount > 0)
            .Select(layer => (double)layer.Top[0].Shape[0]).DefaultIfEmpty(1).Max();
        int batch = arguments.GetValue(_batch) is { } asked ? ModelOptions.AtLeastOne(asked, _batch.Name) : (int)images;
        // What is given for the whole pass is given for the batch that is asked for.
        return new ScalingStudy(
            arguments.GetValue(_passMs) is null ? pass.Times(batch / images) : pass, batch, network);
    }

    // Where a run's net does not tell its inputs' shapes its sources do; they are where it ran.
    private static CaffeNet Open(string file, bool mayRead, CaffeNetOptions options)
    {
        try
        {
            return CaffeNet.Open(file, Phase.Train, options);
        }
        catch (CaffeException unknown) when (mayRead && unknown.Code == ErrorCodes.BadNet)
        {
            return CaffeNet.Open(file, Phase.Train, options with { WithoutData = false });
        }
    }

    private static NodePass Measured(Net net, RunRecord run, long bucket, double memory)
    {
        MetricRow[] rows = [.. MetricReader.Read(RunDirectory.MetricsPathOf(run.Path))];
        Dictionary<string, double> times = rows.Where(row => row.Split == MetricNames.Layer && row.Rank == 0)
            .GroupBy(row => row.Name).ToDictionary(layer => layer.Key, layer => Median(layer) / 1e3);
        if (times.Count == 0)
        {
            throw new CaffeException(ErrorCodes.UnknownMetric, FailureKind.Configuration,
                $"run {run.Manifest.RunId} has not measured its layers' times (metrics.system-every)");
        }

        NodePass pass = NodePassBuilder.Of(
            net, layer => times.GetValueOrDefault(MetricNames.ForwardPrefix + layer.Name),
            layer => times.GetValueOrDefault(MetricNames.BackwardPrefix + layer.Name), bucket, memory);
        // Layers are timed on the first node. Of a run on several, all go at the pace of the slowest.
        double slowest = rows.Where(row => row.Split == MetricNames.System && row.Name == MetricNames.NodePass)
            .GroupBy(row => row.Rank).Select(node => Median(node) / 1e3).DefaultIfEmpty(pass.Seconds).Max();
        return pass.Times(slowest / pass.Seconds);
    }

    // The first ones are those of a program that is still being compiled.
    private static double Median(IEnumerable<MetricRow> rows)
    {
        double[] values = [.. rows.Select(row => row.Value).Order()];
        return values[values.Length / 2];
    }

    private static string FileOf(string net)
    {
        string known = Path.Combine("configs", "nets", net + ".prototxt");
        return !File.Exists(net) && File.Exists(known) ? known : net;
    }

    private static double? Positive(ParseResult arguments, Option<double?> option) =>
        arguments.GetValue(option) is not { } value || value > 0 ? arguments.GetValue(option)
            : throw Usage(string.Create(
                CultureInfo.InvariantCulture, $"{option.Name} is a number above 0, not {value}"));

    private static string Choice(ParseResult arguments, Option<string> option, string one, string other) =>
        arguments.GetValue(option) is { } text && (text == one || text == other) ? text
            : throw Usage($"{option.Name} is {one} or {other}, not '{arguments.GetValue(option)}'");

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
