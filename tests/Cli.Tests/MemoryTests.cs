using System.Diagnostics;
using System.Text.Json;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>What training takes of the machine's memory is what <c>net summary</c> says.</summary>
public sealed class MemoryTests : IDisposable
{
    private const int Batch = 16;

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task AlexNet_TakesNoMoreThanTheSummarySays()
    {
        string net = _cli.Write("net.prototxt", AlexNetOnGeneratedData());
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync("net", "summary", net, "--json"));
        long computed = JsonDocument.Parse(_cli.Out).RootElement.GetProperty("training_bytes").GetInt64();

        string solver = _cli.Write("solver.prototxt", $"""
            net: "{net}" base_lr: 0.001 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 1000000
            display: 1 snapshot_after_train: false solver_mode: CPU snapshot_prefix: "{_cli.At("snap")}"
            """);
        using Process process = CliProcess.Start("train", "--solver", solver, "--output-root", _cli.At("runs"));
        await process.UntilAsync(line => line.Contains("Iteration 4, lr", StringComparison.Ordinal));
        process.Refresh();
        long peak = process.PeakWorkingSet64;
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        // Parameters three times, activations with gradients, a prefetched batch: a gigabyte; not less than the half
        // of it, else something was not measured.
        Assert.InRange(peak, computed / 2, computed * 13 / 10);
    }

    private static string AlexNetOnGeneratedData()
    {
        NetParameter net = TextFormat.Parse<NetParameter>(
            File.ReadAllText(Repository.PathOf("configs", "nets", "alexnet.prototxt")));
        LayerParameter[] data = [.. net.Layer.Where(layer => layer.Type == "Data")];
        foreach (LayerParameter layer in data)
            net.Layer.Remove(layer);
        net.Layer.Insert(0, TextFormat.Parse<LayerParameter>($$"""
            name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
              shape { dim: {{Batch}} dim: 3 dim: 227 dim: 227 } shape { dim: {{Batch}} }
              data_filler { type: "gaussian" std: 50 } data_filler { type: "constant" value: 7 } }
            """));
        return TextFormat.Print(net);
    }
}
