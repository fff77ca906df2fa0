using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CaffeActors.Benchmarks.Comparison;
using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Benchmarks.Cluster;

/// <summary>
/// An iteration of one to four processes of this machine beside what <c>cluster simulate</c> says of as many nodes,
/// given what passes took in that very run and what a link of the data plane carries. Each process computes on one
/// thread and takes the configuration's whole batch (weak scaling). Where there are more processes than cores, passes
/// take longer, and say so themselves. Usage: <c>scaling [CONFIG [ITERATIONS [NODES]]]</c>; the default is
/// configs/alexnet.hocon, 40 iterations, up to 4 nodes.
/// </summary>
internal static partial class ScalingBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        string config = Path.GetFullPath(args.ElementAtOrDefault(0) ?? Path.Combine("configs", "alexnet.hocon"));
        int iterations = int.Parse(args.ElementAtOrDefault(1) ?? "40", CultureInfo.InvariantCulture);
        int every = Math.Max(1, iterations / 10);
        int most = int.Parse(args.ElementAtOrDefault(2) ?? "4", CultureInfo.InvariantCulture);
        string[] flags =
        [
            "--max-iter", $"{iterations}", "--threads", "1", "--seed", "7", "--resume", "never",
            "--set", $"solver.display={every}", "--set", "solver.test_interval=1000000",
            "--set", "solver.test_initialization=false", "--set", $"metrics.system-every={every}",
            "--set", "parallel.scaling=weak",
        ];
        double bandwidth = Bandwidth();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileNameWithoutExtension(config)}, one thread each; a link carries {bandwidth:F0} MB/s"));
        Console.WriteLine("nodes sum   measured_ms simulated_ms ratio  pass_ms   sum_ms commit_ms update_ms");
        for (int nodes = 1; nodes <= most; nodes++)
        {
            foreach (string way in nodes < 3 ? (string[])["tree"] : ["tree", "ring"])
            {
                await using var fleet = new NodeFleet(nodes, hasProxies: false);
                double measured = await MeasureAsync(
                    fleet, nodes, config, [.. flags, "--set", $"parallel.reduction={way}"]);
                JsonElement simulated = Simulate(fleet.Folder.At("node-0"), nodes, way, bandwidth);
                double Of(string column) => simulated.GetProperty(column).GetDouble();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{nodes,5} {way} {measured,13:F1} {Of("iteration_ms"),12:F1} {measured / Of("iteration_ms"),5:F2} "
                    + $"{Of("pass_ms"),8:F1} {Of("sum_ms"),8:F1} {Of("commit_ms"),9:F2} {Of("update_ms"),9:F2}"));
            }
        }

        return 0;
    }

    // Milliseconds of an iteration: the median of the means that the log tells, the first ones apart.
    private static async Task<double> MeasureAsync(NodeFleet fleet, int nodes, string config, string[] flags)
    {
        NodeProcess first = nodes == 1 ? fleet.StartAlone("node-0", ["train", config, .. flags])
            : fleet.Start(0, ["train", config, "--nodes", $"{nodes}:{nodes}", .. flags]);
        for (int node = 1; node < nodes; node++)
        {
            fleet.Start(node, ["worker", "--config", config, "--nodes", $"{nodes}:{nodes}",
                "--seed-node", fleet.Network.AddressOf(0), .. flags]);
        }

        int exit = await first.ExitAsync(TimeSpan.FromMinutes(15));
        if (exit != 0)
            throw new InvalidOperationException($"The first node ended with {exit}.\n{fleet.Describe()}");
        return 1e3 * Samples.Median(
            first.Lines.Select(line => Rate().Match(line)).Where(match => match.Success).Skip(2)
                .Select(match => 1 / double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));
    }

    private static JsonElement Simulate(string folder, int nodes, string way, double bandwidth)
    {
        (int code, string output, _) = Child.Run(
        [
            "dotnet", NodeFleet.Program, "cluster", "simulate", "--run", "latest",
            "--output-root", Path.Combine(folder, "runs"), "--nodes", $"{nodes}", "--reduction", way,
            "--bandwidth", string.Create(CultureInfo.InvariantCulture, $"{bandwidth:F0}MB"), "--latency", "20us",
            "--json",
        ]);
        if (code != 0)
            throw new InvalidOperationException($"The simulation ended with {code}.");
        return JsonDocument.Parse(output).RootElement[0];
    }

    private static double Bandwidth()
    {
        const int Bytes = 256 << 20, Block = 512 << 10;
        using var from = new Buckets(Bytes, Block);
        using var to = new Buckets(Bytes, Block);
        using var link = new LinkTransfer("data plane", options => options);
        return Samples.Median(
            Enumerable.Range(0, 9).Select(_ => Bytes / 1e6 / link.Send(from, to).TotalSeconds));
    }

    [GeneratedRegex(@"Iteration \d+ \(([0-9.e+-]+) iter/s")]
    private static partial Regex Rate();
}
