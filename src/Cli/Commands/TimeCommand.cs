using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CaffeActors.Actors.Logging;
using CaffeActors.Api;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;
using CaffeActors.Data.Layers;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's <c>time</c>: how long each layer takes, forward and backward.</summary>
[Verb("time", "Time each layer of a net, forward and backward.",
    "caffeactors time --model configs/nets/lenet.prototxt --iterations 20", TakesGflags = true)]
internal sealed class TimeCommand : VerbCommand
{
    private readonly ModelOptions _model = new();
    private readonly Option<string> _weights = new("--weights") { Description = "Weight files, comma-separated." };
    private readonly Option<int> _iterations =
        new("--iterations") { Description = "How many batches.", DefaultValueFactory = static _ => 50 };
    private readonly Option<string> _trace =
        new("--trace") { Description = "Write a Chrome trace (JSON) of all passes." };

    public override void Define(Command command)
    {
        _model.AddTo(command, withPhase: true);
        command.Options.Add(_weights);
        command.Options.Add(_iterations);
        command.Options.Add(_trace);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "time");
        int iterations = ModelOptions.AtLeastOne(arguments.GetValue(_iterations), "--iterations");
        using CaffeNet session = _model.Open(arguments, Phase.Train, log);
        if (arguments.GetValue(_weights) is { } weights)
            session.LoadWeights(weights, line => log.Info(line));
        using var ahead = new ReadAhead(session.Net);
        var timer = new LayerTimer(session.Net, ahead, session.Gpu);
        log.Info("Performing Forward");
        for (int rank = 0; rank < session.Net.Layers.Count; rank++)
            ahead.Deliver(rank);
        float loss = session.Net.Forward();
        log.Info($"Initial loss: {LogNumber.Format(loss)}");
        log.Info("Performing Backward");
        timer.Backward();
        timer.Reset();
        Measure(timer, iterations, log);
        Tell(timer, iterations, log);
        if (session.Net.Layers.Any(layer => layer.Layer is BatchLayer))
            TellWait(timer, ahead, iterations, log);
        if (arguments.GetValue(_trace) is { } trace)
            AtomicFile.WriteText(trace, timer.ChromeTrace());
        return Task.FromResult(ExitCodes.Done);
    }

    private static void Measure(LayerTimer timer, int iterations, RunLog log)
    {
        log.Info("*** Benchmark begins ***");
        log.Info($"Testing for {iterations} iterations.");
        for (int i = 1; i <= iterations; i++)
        {
            long start = Stopwatch.GetTimestamp();
            timer.Forward();
            timer.Backward();
            log.Info($"Iteration: {i} forward-backward time: "
                + $"{Ms(Stopwatch.GetElapsedTime(start).TotalMilliseconds)} ms.");
        }
    }

    private static void Tell(LayerTimer timer, int iterations, RunLog log)
    {
        log.Info("Average time per layer: ");
        foreach ((string name, double forward, double backward) in timer.PerLayer(iterations))
        {
            log.Info($"{name,10}\tforward: {Ms(forward)} ms.");
            log.Info($"{name,10}\tbackward: {Ms(backward)} ms.");
        }

        log.Info($"Average Forward pass: {Ms(timer.ForwardMilliseconds / iterations)} ms.");
        log.Info($"Average Backward pass: {Ms(timer.BackwardMilliseconds / iterations)} ms.");
        double total = timer.ForwardMilliseconds + timer.BackwardMilliseconds;
        log.Info($"Average Forward-Backward: {Ms(total / iterations)} ms.");
        log.Info($"Total Time: {Ms(total)} ms.");
        log.Info("*** Benchmark ends ***");
    }

    // A line of ours, after Caffe's.
    private static void TellWait(LayerTimer timer, ReadAhead ahead, int iterations, RunLog log)
    {
        double share = 100 * timer.WaitMilliseconds
            / Math.Max(double.Epsilon, timer.ForwardMilliseconds + timer.BackwardMilliseconds);
        string beside = ahead.LoadMilliseconds > 0
            ? $" (reading a batch takes {Ms(ahead.LoadMilliseconds)} ms, on threads of its own)" : "";
        log.Info($"Waited for data: {Ms(timer.WaitMilliseconds / iterations)} ms an iteration, "
            + $"{Ms(Math.Round(share, 2))} % of its time{beside}");
    }

    private static string Ms(double milliseconds) => LogNumber.Format(milliseconds);

    // Every layer runs both ways, whether the net's training would need it or not, as Caffe's does.
    private sealed class LayerTimer(Net net, ReadAhead ahead, GpuDevice? gpu)
    {
        private readonly long[] _forward = new long[net.Layers.Count];
        private readonly long[] _backward = new long[net.Layers.Count];
        private readonly List<(string Name, bool Forward, long Start, long Ticks)> _spans = [];

        private long _waited;

        public double WaitMilliseconds => Milliseconds(_waited);

        public double ForwardMilliseconds => Milliseconds(_forward.Sum());

        public double BackwardMilliseconds => Milliseconds(_backward.Sum());

        public void Forward()
        {
            for (int rank = 0; rank < net.Layers.Count; rank++)
                Time(rank, true);
        }

        public void Backward()
        {
            for (int rank = net.Layers.Count - 1; rank >= 0; rank--)
                Time(rank, false);
        }

        public void Reset()
        {
            Array.Clear(_forward);
            Array.Clear(_backward);
            _waited = 0;
            _spans.Clear();
        }

        public IEnumerable<(string Name, double Forward, double Backward)> PerLayer(int iterations) =>
            net.Layers.Select(layer => (layer.Name,
                Milliseconds(_forward[layer.Rank]) / iterations, Milliseconds(_backward[layer.Rank]) / iterations));

        public string ChromeTrace()
        {
            long origin = _spans.Count > 0 ? _spans.Min(span => span.Start) : 0;
            return JsonSerializer.Serialize(new
            {
                displayTimeUnit = "ms",
                traceEvents = _spans.Select(span => new
                {
                    name = span.Name,
                    cat = span.Forward ? "forward" : "backward",
                    ph = "X",
                    pid = 1,
                    tid = 1,
                    ts = Milliseconds(span.Start - origin) * 1000,
                    dur = Milliseconds(span.Ticks) * 1000,
                }),
            });
        }

        private void Time(int rank, bool forward)
        {
            long start = Stopwatch.GetTimestamp();
            if (forward)
                Forward(rank);
            else
                net.BackwardLayer(rank);
            // What a layer has queued is its work too.
            gpu?.Synchronize();
            long ticks = Stopwatch.GetTimestamp() - start;
            (forward ? _forward : _backward)[rank] += ticks;
            _spans.Add((net.Layers[rank].Name, forward, start, ticks));
        }

        // A data layer waits for its batch where it is read ahead, and for the reading itself where not.
        private void Forward(int rank)
        {
            long start = Stopwatch.GetTimestamp();
            ahead.Deliver(rank);
            long delivered = Stopwatch.GetTimestamp();
            net.ForwardLayer(rank);
            if (net.Layers[rank].Layer is BatchLayer)
                _waited += (ahead.Has(rank) ? delivered : Stopwatch.GetTimestamp()) - start;
        }

        private static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;
    }
}
