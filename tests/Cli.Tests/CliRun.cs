using System.Text;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Cli.Tests;

/// <summary>The program's command line run in this process, and files to run it on.</summary>
internal sealed class CliRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>What the last command wrote to stdout.</summary>
    public string Out { get; private set; } = "";

    /// <summary>What the last command wrote to stderr.</summary>
    public string Error { get; private set; } = "";

    /// <summary>The program's environment variables. Default: none.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string At(params string[] parts) => _folder.At(parts);

    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandLine.RunAsync(
            args, new Terminal(output, error, IsInteractive: false, Environment.GetValueOrDefault));
        (Out, Error) = (output.ToString(), error.ToString());
        return code;
    }

    /// <summary>A database of 40 gray images, side by side, labels 0 to classes - 1.</summary>
    public string Database(string name = "db", int classes = 3, int side = 8)
    {
        string path = At(name);
        Directory.CreateDirectory(path);
        using var writer = new LmdbWriter(path);
        for (int i = 0; i < 40; i++)
        {
            byte[] pixels = [.. Enumerable.Range(0, side * side).Select(p => (byte)((p * 7) + (i * 13)))];
            var datum = new Datum
            {
                Channels = 1,
                Height = side,
                Width = side,
                Label = i % classes,
                Data = ByteString.CopyFrom(pixels),
            };
            writer.Put(Encoding.UTF8.GetBytes($"{i:D8}"), datum.ToByteArray());
        }

        writer.Complete();
        return path;
    }

    /// <summary>A net on a database, and a solver of it.</summary>
    /// <returns>The solver's path.</returns>
    public string Solver(string database, string more = "max_iter: 6 base_lr: 0.01", string ip = "num_output: 3")
    {
        Write("net.prototxt", $$"""
            name: "tiny"
            layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.01 }
              data_param { source: "{{database}}" batch_size: 4 backend: LMDB } }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
              inner_product_param { {{ip}} weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            """);
        return Write("solver.prototxt", $"""
            net: "{At("net.prototxt")}" lr_policy: "fixed" display: 2 solver_mode: CPU snapshot_prefix:
              "{At("snap")}" {more}
            """);
    }

    /// <summary>Trains by a solver.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> TrainAsync(string solver, params string[] more) =>
        RunAsync(["train", "--solver", solver, "--output-root", At("runs"), .. more]);

    public void Dispose() => _folder.Dispose();
}
