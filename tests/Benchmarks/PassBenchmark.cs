using System.Diagnostics;
using System.Globalization;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;

namespace CaffeActors.Benchmarks;

/// <summary>
/// A net with graph passes against the same net without, turn and turn about. Usage:
/// <c>passes NET BATCH ROUNDS [train|infer [THREADS [PASS,...]]]</c>, NET being the name of a file in configs/nets.
/// With one thread it is processor time that is measured, which other programs disturb less.
/// </summary>
internal static class PassBenchmark
{
    public static void Run(string[] args)
    {
        (string name, int batch, int rounds) = (args[0], Number(args[1]), Number(args[2]));
        bool trains = args.Length < 4 || args[3] == "train";
        using var device = new CpuDevice(args.Length > 4 ? Number(args[4]) : 0);
        NetPasses passes = PassNames.TryParse(args.Length > 5 ? args[5].Split(',') : ["all"])
            ?? throw new ArgumentException($"the passes are {PassNames.Expected}");
        using Net apart = Build(name, batch, trains, NetPasses.None, device);
        using Net passed = Build(name, batch, trains, passes, device);
        (List<double> Forward, List<double> Backward)[] times = [([], []), ([], [])];
        for (int round = -2; round < rounds; round++)
        {
            for (int which = 0; which < 2; which++)
            {
                // The one that begins changes: it finds the caches as the other left them.
                int one = (which + round) & 1;
                Net net = one == 0 ? apart : passed;
                double start = Now(device);
                net.Forward();
                double between = Now(device);
                if (trains)
                    net.Backward();
                if (round < 0)
                    continue;
                times[one].Forward.Add(between - start);
                times[one].Backward.Add(Now(device) - between);
            }
        }

        foreach (IGrouping<NetPasses, PassEffect> pass in passed.PassEffects.GroupBy(effect => effect.Pass))
            Console.WriteLine($"{PassNames.Of(pass.Key)}: {pass.Count()} places");
        Tell("forward", times[0].Forward, times[1].Forward);
        if (trains)
            Tell("backward", times[0].Backward, times[1].Backward);
    }

    private static double Now(CpuDevice device) => device.Threads == 1
        ? Environment.CpuUsage.TotalTime.TotalMilliseconds
        : Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency;

    private static void Tell(string what, List<double> apart, List<double> passed)
    {
        double[] ratios = [.. apart.Zip(passed, (without, with) => without / with).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-8} without {apart.Min(),9:F3} ms, with {passed.Min(),9:F3} ms (minima); "
            + $"median of the rounds' ratios {ratios[ratios.Length / 2]:F3}"));
    }

    private static Net Build(string name, int batch, bool trains, NetPasses passes, CpuDevice device)
    {
        NetParameter parameter = NetFiles.ReadNet(Path.Combine("configs", "nets", name + ".prototxt"));
        parameter.State = NetStates.Merge(trains ? Phase.Train : Phase.Test, parameter.State);
        int side = name.StartsWith("alexnet", StringComparison.Ordinal)
            || name.StartsWith("caffenet", StringComparison.Ordinal) ? 227 : 224;
        DataPlaceholders.Replace(
            parameter, new Dictionary<string, int[]> { ["data"] = [batch, 3, side, side], ["label"] = [batch] },
            static _ => { });
        Net net = NetBuilder.Build(
            parameter, new NetOptions(new LayerContext(device, seed: 1), LayerCatalog.Compute) { Passes = passes });
        Blob data = net.Blob(net.InputNames[0]);
        if (data.Shape[0] != batch)
        {
            data.Reshape([batch, .. data.Shape[1..]]);
            net.Reshape();
        }

        var draw = new RandomDraw(1, 0, 0);
        Span<float> values = data.MutableData;
        for (int i = 0; i < values.Length; i++)
            values[i] = draw.Float((uint)i) - 0.5f;
        // Statistics as of a net that has seen something.
        foreach (NetLayer layer in net.Layers.Where(layer => layer.Layer.Type == "BatchNorm"))
        {
            layer.Layer.Blobs[1].MutableData.Fill(1);
            layer.Layer.Blobs[2].MutableData.Fill(1);
        }

        return net;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
