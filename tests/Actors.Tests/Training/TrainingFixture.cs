using System.Text;
using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>
/// A small net with everything that has a state (shuffled data, random crops and mirrors, dropout, momentum, smoothed
/// loss, a test net), its database and solver in a folder of their own, and runs of it.
/// </summary>
internal sealed class TrainingFixture : IDisposable
{
    public const int Records = 50;

    private readonly TemporaryFolder _folder = new();

    public TrainingFixture(int classes = 4)
    {
        WriteDatabase(At("db"), classes);
        File.WriteAllText(At("net.prototxt"), NetText);
        WriteSolver("");
    }

    public static LayerCatalog Catalog { get; } =
        new(typeof(Layer).Assembly, typeof(BatchLayer).Assembly, typeof(TrainingFixture).Assembly);

    /// <summary>What the runs logged.</summary>
    public StringWriter Log { get; } = new();

    private string NetText => $$"""
        name: "small"
        layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
          transform_param { scale: 0.01 mirror: true crop_size: 10 } data_param { source: "{{At("db")}}" batch_size:
            8 backend: LMDB } }
        layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
          transform_param { scale: 0.01 crop_size: 10 } data_param { source: "{{At("db")}}" batch_size: 5 backend:
            LMDB } }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
        layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
        layer { name: "ip1" type: "InnerProduct" bottom: "pool" top: "ip1"
          inner_product_param { num_output: 12 weight_filler { type: "gaussian" std: 0.1 } } }
        layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }
        layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
          inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
        layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase:
          TEST } }
        """;

    public string At(params string[] parts) => _folder.At(parts);

    /// <summary>Writes the solver: 40 iterations, a test every 10, base_lr 0.05, and what is given besides.</summary>
    public void WriteSolver(string more) => File.WriteAllText(At("solver.prototxt"), $"""
        net: "{At("net.prototxt")}" momentum: 0.9 weight_decay: 0.001 lr_policy: "step" gamma: 0.5 stepsize: 15
        display: 5 average_loss: 5 test_iter: 3 test_interval: 10 max_iter: 40 solver_mode: CPU
        snapshot_prefix: "{At("snap")}"
        """ + "\n" + (more.Contains("base_lr", StringComparison.Ordinal) ? "" : "base_lr: 0.05 ") + more);

    /// <summary>Adds a layer that calls <see cref="Hooked"/>'s action in each of its passes.</summary>
    public void AddHook(string phase) => File.AppendAllText(At("net.prototxt"), $$"""
        layer { name: "hook" type: "Hook" bottom: "label" include { phase: {{phase}} } }

        """);

    /// <summary>A plan whose hook layer does something.</summary>
    public RunPlan Hooked(Action<int> action, string runs = "runs") => Plan(runs: runs) with
    {
        Extensions = new Dictionary<string, object> { ["data"] = new DataExtension(Shuffle: true), ["hook"] = action },
    };

    /// <summary>Runs a plan in an actor system of the test's own.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="configuration">Settings put over the program's dispatchers.</param>
    /// <param name="started">Hears the system before the first message.</param>
    public async Task<RunOutcome> RunInAsync(
        RunPlan plan, string configuration, Action<ExtendedActorSystem>? started = null)
    {
        using TrainingRun run =
            TrainingRunBuilder.Build(plan, Catalog, new RunLog(Log), TimeProvider.System).Run!;
        using var system = ActorSystem.Create("run-test", ConfigurationFactory.ParseString(configuration)
            .WithFallback(ConfigurationFactory.ParseString(Dispatchers.Configuration(1))));
        started?.Invoke((ExtendedActorSystem)system);
        var over = new TaskCompletionSource<RunOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(RunActor.Props(run, [], over), "run");
        RunOutcome outcome = await over.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await system.Terminate();
        return outcome;
    }

    /// <summary>The plan of the solver; data shuffled, seed 7.</summary>
    public RunPlan Plan(PlanOptions? options = null, string runs = "runs") =>
        SolverPlanner.FromFile(At("solver.prototxt"), options ?? new PlanOptions(), static _ => { }) with
        {
            Seed = 7,
            Threads = options?.Threads ?? 2,
            OutputRoot = At(runs),
            SnapshotsInRunFolder = true,
            Extensions = new Dictionary<string, object> { ["data"] = new DataExtension(Shuffle: true) },
        };

    /// <summary>A plan of 20 iterations whose data layer does what a script says.</summary>
    public RunPlan Scripted(BatchScript script)
    {
        File.WriteAllText(At("net.prototxt"), """
            name: "scripted"
            layer { name: "data" type: "ScriptedBatch" top: "data" top: "label" }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            """);
        File.WriteAllText(At("solver.prototxt"), $"""
            net: "{At("net.prototxt")}" base_lr: 0.001 lr_policy: "fixed" display: 5 max_iter: 20
            snapshot_prefix: "{At("snap")}"
            """);
        return Plan() with { Extensions = new Dictionary<string, object> { ["data"] = script } };
    }

    /// <summary>A host of a plan.</summary>
    public TrainingHost Host(RunPlan plan, TimeProvider? time = null) =>
        new(plan, Catalog, new RunLog(Log), time ?? TimeProvider.System);

    /// <summary>Runs a plan to its end.</summary>
    public Task<RunOutcome> RunAsync(RunPlan plan, TimeProvider? time = null) =>
        Host(plan, time).RunAsync(static _ => 0).WaitAsync(TimeSpan.FromMinutes(2));

    /// <summary>The folder of the only run under a root.</summary>
    public string RunFolder(string runs = "runs") => Directory.GetDirectories(At(runs), "run_id=*").Single();

    /// <summary>The bytes of a run's snapshot, the model's and the state's.</summary>
    public (byte[] Model, byte[] State) Snapshot(int iteration, string runs = "runs")
    {
        string prefix = Path.Combine(RunFolder(runs), "snapshots", $"snap_iter_{iteration}");
        return (File.ReadAllBytes(prefix + ".caffemodel"), HistoryOf(File.ReadAllBytes(prefix + ".solverstate")));
    }

    /// <summary>The metric rows of training and testing that count, without time and segment.</summary>
    public string[] Metrics(string runs = "runs") =>
    [
        .. MetricReader.Read(Path.Combine(RunFolder(runs), "metrics"))
            .Where(row => row.Split is "train" or "test0" && row.Name != "images_per_second")
            .Select(row => $"{row.Step} {row.Split} {row.Name} {row.Value:R}").Order(StringComparer.Ordinal),
    ];

    public void Dispose()
    {
        Log.Dispose();
        _folder.Dispose();
    }

    // The state names its model by path, and the runs lie in different folders.
    private static byte[] HistoryOf(byte[] bytes)
    {
        SolverState state = SolverState.Parser.ParseFrom(bytes);
        state.ClearLearnedNet();
        return state.ToByteArray();
    }

    private static void WriteDatabase(string path, int classes)
    {
        Directory.CreateDirectory(path);
        using var writer = new LmdbWriter(path);
        var draw = new RandomDraw(3, 1, 0);
        for (int i = 0; i < Records; i++)
        {
            byte[] pixels = new byte[144];
            for (int p = 0; p < pixels.Length; p++)
                pixels[p] = (byte)((draw.Bits((uint)((i * 144) + p)) % 128) + (32 * (i % classes)));
            var datum = new Datum
            {
                Channels = 1,
                Height = 12,
                Width = 12,
                Label = i % classes,
                Data = ByteString.CopyFrom(pixels)
            };
            writer.Put(Encoding.UTF8.GetBytes($"{i:D8}"), datum.ToByteArray());
        }

        writer.Complete();
    }
}
