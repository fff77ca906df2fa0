using System.Text;
using System.Text.Json;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CaffeActors.Live.Tests;

/// <summary>A net like LeNet with its database and solver, and runs of it that are looked at. (The meter is the
/// process's, so tests take turns.)</summary>
internal sealed class LiveFixture : IDisposable
{
    public const int Batch = 8;

    private readonly TemporaryFolder _folder = new();
    private readonly RunLog _log;

    public LiveFixture()
    {
        _log = new RunLog(Log);
        WriteDatabase(_folder.At("db"));
        _folder.Write("net.prototxt", $$"""
            name: "small"
            layer { name: "data" type: "Data" top: "data" top: "label"
              data_param { source: "{{_folder.At("db")}}" batch_size: {{Batch}} backend: LMDB } }
            layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
              convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
            layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
              inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
              include { phase: TEST } }
            """);
    }

    /// <summary>What the runs logged.</summary>
    public StringWriter Log { get; } = new();

    /// <summary>A client that keeps no cookies.</summary>
    public HttpClient Client { get; } = new(new HttpClientHandler { UseCookies = false });

    /// <summary>A plan: displays each 5 iterations, tests each 20, a snapshot each 30, layer times each 10.</summary>
    public RunPlan Plan(int iterations, PlanOptions? options = null)
    {
        _folder.Write("solver.prototxt", $"""
            net: "{_folder.At("net.prototxt")}" base_lr: 0.001 lr_policy: "fixed" display: 5 test_iter: 3
            test_interval: 20 snapshot: 30 max_iter: {iterations} solver_mode: CPU
            """);
        return SolverPlanner.FromFile(_folder.At("solver.prototxt"), options ?? new PlanOptions(), static _ => { }) with
        {
            Seed = 7,
            Threads = 1,
            OutputRoot = _folder.At("runs"),
            SnapshotsInRunFolder = true,
            SystemMetricsEvery = 10,
        };
    }

    public string At(string name) => _folder.At(name);

    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>A view with a dashboard on any port.</summary>
    public Task<LiveView?> ViewAsync(DashboardSettings? dashboard = null, OtlpSettings? otlp = null,
        params (string Name, string Value)[] variables) =>
        LiveView.StartAsync(
            new LiveSettings(
                dashboard ?? new DashboardSettings { Enabled = true, Port = 0 }, otlp ?? new OtlpSettings()),
            name => variables.FirstOrDefault(variable => variable.Name == name).Value, _log, TimeProvider.System);

    public TrainingHost Host(RunPlan plan, LiveView view) =>
        new(plan, plan.Catalog, _log, TimeProvider.System, view.Observer);

    /// <summary>Runs a plan that is looked at to its end.</summary>
    public async Task<RunOutcome> RunAsync(RunPlan plan, LiveView view)
    {
        RunOutcome outcome = await Host(plan, view).RunAsync(static _ => 0).WaitAsync(TimeSpan.FromMinutes(2));
        await view.EndAsync(outcome);
        return outcome;
    }

    /// <summary>What the server answers.</summary>
    public async Task<JsonElement> StateAsync(LiveView view, long points = 0, long events = 0)
    {
        using JsonDocument answer = JsonDocument.Parse(
            await Client.GetStringAsync(new Uri(view.Address!, $"api/state?points={points}&events={events}")));
        return answer.RootElement.Clone();
    }

    /// <summary>The rows that the runs wrote and that count.</summary>
    public IReadOnlyList<MetricRow> Rows() =>
        MetricReader.Read(Path.Combine(Directory.GetDirectories(At("runs"), "run_id=*").Single(), "metrics"));

    public void Dispose()
    {
        Client.Dispose();
        _log.Dispose();
        Log.Dispose();
        _folder.Dispose();
    }

    private static void WriteDatabase(string path)
    {
        Directory.CreateDirectory(path);
        using var writer = new LmdbWriter(path);
        for (int i = 0; i < 40; i++)
        {
            var datum = new Datum
            {
                Channels = 1,
                Height = 10,
                Width = 10,
                Label = i % 4,
                Data = ByteString.CopyFrom([.. Enumerable.Range(0, 100).Select(p => (byte)((p * (i % 4)) + i))]),
            };
            writer.Put(Encoding.UTF8.GetBytes($"{i:D8}"), datum.ToByteArray());
        }

        writer.Complete();
    }
}
