using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Diagnostics.LogNumber;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's <c>test</c>: scores a model.</summary>
[Verb("test", "Score a model: mean outputs over a number of batches.",
    "caffeactors test --model net.prototxt --weights net_iter_1000.caffemodel --iterations 100",
    TakesGflags = true)]
internal sealed class TestCommand : VerbCommand
{
    private readonly ModelOptions _model = new();
    private readonly Option<string> _weights =
        new("--weights") { Description = "Weight files, comma-separated.", Required = true };
    private readonly Option<int> _iterations =
        new("--iterations") { Description = "How many batches.", DefaultValueFactory = static _ => 50 };

    public override void Define(Command command)
    {
        _model.AddTo(command, withPhase: false);
        command.Options.Add(_weights);
        command.Options.Add(_iterations);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "test");
        int iterations = ModelOptions.AtLeastOne(arguments.GetValue(_iterations), "--iterations");
        using CaffeNet session = _model.Open(arguments, Phase.Test, log, new NetUse(Backward: false));
        session.LoadWeights(arguments.GetValue(_weights)!, line => log.Info(line));
        Net net = session.Net;
        log.Info($"Running for {iterations} iterations.");
        var sums = new double[net.OutputNames.Sum(name => net.Blob(name).Count)];
        double loss = 0;
        for (int i = 0; i < iterations; i++)
        {
            loss += net.Forward();
            int k = 0;
            foreach (string name in net.OutputNames)
            {
                foreach (float value in net.Blob(name).Data)
                {
                    sums[k++] += value;
                    log.Info($"Batch {i}, {name} = {Format(value)}");
                }
            }
        }

        log.Info($"Loss: {Format(loss / iterations)}");
        Means(net, sums, iterations, log);
        return Task.FromResult(ExitCodes.Done);
    }

    private static void Means(Net net, double[] sums, int iterations, RunLog log)
    {
        int k = 0;
        foreach (string name in net.OutputNames)
        {
            float weight = net.LossWeightOf(name);
            for (int i = 0; i < net.Blob(name).Count; i++)
            {
                double mean = sums[k++] / iterations;
                string loss = weight == 0 ? "" : $" (* {Format(weight)} = {Format(weight * mean)} loss)";
                log.Info($"{name} = {Format(mean)}{loss}");
            }
        }
    }
}
