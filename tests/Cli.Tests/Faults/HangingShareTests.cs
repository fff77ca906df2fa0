using System.Diagnostics;

namespace CaffeActors.Cli.Tests.Faults;

/// <summary>
/// A share that hangs under a running training. A named pipe that nobody writes to hangs as one does: who opens it
/// does not come back.
/// </summary>
public sealed class HangingShareTests : IDisposable
{
    private const string OnePixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Read_IsToldOf_AndEndsTheProgramAtTheLimit()
    {
        if (OperatingSystem.IsWindows())
            return;
        await File.WriteAllBytesAsync(
            _cli.At("whole.png"), Convert.FromBase64String(OnePixel), TestContext.Current.CancellationToken);
        using (Process make = Process.Start("mkfifo", [_cli.At("hangs.png")]))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        string list = _cli.Write("list.txt",
            string.Concat(Enumerable.Repeat($"{_cli.At("whole.png")} 0\n", 40)) + $"{_cli.At("hangs.png")} 1\n");
        using Process train = CliProcess.Start(
            "train", Configuration(list), "--set", "run.wait-limit=11s", "--output-root", _cli.At("runs"));
        await train.UntilAsync(line => line.Contains("layer 'data' has waited 1", StringComparison.Ordinal)
            && line.Contains($"'{list}'", StringComparison.Ordinal));
        await train.UntilAsync(line =>
            line.Contains("error CFA1504: layer 'data' got no batch", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Data, await train.ExitAsync());
    }

    private string Configuration(string list)
    {
        _cli.Write("net.prototxt", $$"""
            name: "tiny"
            layer { name: "data" type: "ImageData" top: "data" top: "label"
              image_data_param { source: "{{list}}" batch_size: 4 } }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            """);
        string solver = _cli.Write("solver.prototxt", $"""
            net: "{_cli.At("net.prototxt")}" base_lr: 0.01 lr_policy: "fixed" display: 1 max_iter: 100
            snapshot_prefix: "tiny" solver_mode: CPU
            """);
        return _cli.Write("tiny.hocon", $$"""train { solver = "{{solver}}" }""");
    }
}
