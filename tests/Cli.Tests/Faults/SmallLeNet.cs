using System.Globalization;
using System.IO.Hashing;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Tests.Faults;

/// <summary>
/// A run of a net like LeNet, as small as it can be, on shuffled data, with dropout, tests and a snapshot every 20
/// iterations of which two are kept; and what a finished run of it leaves.
/// </summary>
internal static class SmallLeNet
{
    /// <summary>Writes the net, its solver and a run configuration.</summary>
    /// <returns>The configuration's path.</returns>
    public static string Write(CliRun cli, int iterations)
    {
        cli.Write("net.prototxt", $$"""
            name: "small"
            layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.004 mirror: true }
              data_param { source: "{{cli.Database(side: 12)}}" batch_size: 4 backend: LMDB } }
            layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
              convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
              pooling_param { kernel_size: 2 stride: 2 } }
            layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
              convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "ip1" type: "InnerProduct" bottom: "conv2" top: "ip1"
              inner_product_param { num_output: 16 weight_filler { type: "xavier" } } }
            layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
            layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }
            layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
              inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
            layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
              include { phase: TEST } }
            """);
        string solver = cli.Write("solver.prototxt", string.Create(CultureInfo.InvariantCulture, $"""
            net: "{cli.At("net.prototxt")}" base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "inv"
            gamma: 0.0001 power: 0.75 display: 1 average_loss: 10 test_iter: 2 test_interval: 50
            max_iter: {iterations} snapshot: 20 snapshot_prefix: "lenet" solver_mode: CPU
            """));
        return cli.Write("small.hocon", $$"""
            train { solver = "{{solver}}", seed = 5 }
            compute.threads = 1
            snapshot.keep-last = 2
            extensions."data" { shuffle = on }
            """);
    }

    /// <summary>The folders of the runs under a root that have a manifest.</summary>
    public static IReadOnlyList<RunRecord> Runs(string root) => RunIndex.List(root);

    /// <summary>The hash of the weights of a run's snapshot.</summary>
    public static string WeightsOf(string run, long iteration) => Convert.ToHexString(XxHash128.Hash(
        File.ReadAllBytes(Path.Combine(run, "snapshots", $"lenet_iter_{iteration}.caffemodel"))));

    /// <summary>The metric rows of training and tests that count, without what depends on time.</summary>
    public static string[] MetricsOf(string run) =>
    [
        .. MetricReader.Read(Path.Combine(run, "metrics"))
            .Where(row => row.Split is "train" or "test0" && row.Name != "images_per_second")
            .Select(row => $"{row.Step} {row.Split} {row.Name} {row.Value:R}").Order(StringComparer.Ordinal),
    ];
}
