using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's extract_features.</summary>
[Verb("extract_features", "Write what a net's blobs are for each image of its data.",
    "caffeactors extract_features net.caffemodel net.prototxt fc7,prob fc7_lmdb,prob_lmdb 10 lmdb", TakesGflags = true)]
internal sealed class ExtractFeaturesCommand : VerbCommand
{
    private const string Parquet = "parquet";
    private const string DeviceId = "DEVICE_ID=";

    private readonly Argument<string> _weights =
        new("WEIGHTS") { Description = "Weight files, comma-separated; of several the later win." };
    private readonly Argument<string> _model =
        new("MODEL") { Description = "The net (prototxt), whose data layers bring the images." };
    private readonly Argument<string> _blobs = new("BLOBS") { Description = "Names of blobs, comma-separated." };
    private readonly Argument<string> _targets =
        new("DBS") { Description = "Folder of the database (or Parquet file) of each blob, comma-separated." };
    private readonly Argument<int> _batches = new("NUM_BATCHES") { Description = "How many batches to run." };
    private readonly Argument<string> _kind = new("DB_TYPE") { Description = "lmdb, leveldb or parquet." };
    private readonly Argument<string[]> _device = new("DEVICE")
    {
        Description = "CPU, as without it, or GPU, which may be followed by DEVICE_ID=N (0 where it is not).",
        Arity = new ArgumentArity(0, 2),
    };

    private readonly Option<int> _threads =
        new("--threads") { Description = "Threads to compute on; 0 takes one for each core." };

    private readonly Option<string[]> _layers = LayersOption.Make();

    public override void Define(Command command)
    {
        foreach (Argument argument in (Argument[])[_weights, _model, _blobs, _targets, _batches, _kind, _device])
            command.Arguments.Add(argument);
        command.Options.Add(_threads);
        command.Options.Add(_layers);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string device = DeviceOf(arguments.GetValue(_device) ?? []);
        int batches = ModelOptions.AtLeastOne(arguments.GetValue(_batches), "NUM_BATCHES");
        string[] blobs = Names(arguments.GetValue(_blobs)!), targets = Names(arguments.GetValue(_targets)!);
        if (blobs.Length != targets.Length)
            throw Usage($"{blobs.Length} blobs need as many databases, not {targets.Length}");
        string kind = arguments.GetValue(_kind)!;
        if (kind != Parquet && kind is not ("lmdb" or "leveldb"))
            throw Usage($"DB_TYPE is lmdb, leveldb or parquet, not '{kind}'");
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "extract-features");
        using CaffeNet session = CaffeNet.Open(arguments.GetValue(_model)!, Phase.Test, new CaffeNetOptions
        {
            Device = device,
            Threads = ModelOptions.ThreadCount(arguments.GetValue(_threads)),
            LayerAssemblies = LayersOption.Of(arguments, _layers),
            Notice = line => log.Info(line),
            Warning = line => log.Warn(line),
            Use = new NetUse(Backward: false, blobs),
        });
        session.RequireMemory();
        session.LoadWeights(arguments.GetValue(_weights)!, line => log.Info(line));
        FeatureExtractor.RequireBlobs(session.Net, blobs);
        log.Info("Extracting Features");
        List<IFeatureSink> sinks = [];
        try
        {
            foreach (string target in targets)
                sinks.Add(Sink(kind, target));
            FeatureExtractor.Extract(session.Net, blobs, sinks, batches, (blob, done) =>
                log.Info($"Extracted features of {done} query images for feature blob {blob}"));
        }
        finally
        {
            foreach (IFeatureSink sink in sinks)
                sink.Dispose();
        }

        log.Info("Successfully extracted the features!");
        return Task.FromResult(ExitCodes.Done);
    }

    private static IFeatureSink Sink(string kind, string target) => kind == Parquet
        ? new ParquetFeatureSink(target)
        : new DatumFeatureSink(target, BackendOption.Parse(kind, "DB_TYPE"));

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.TrimEntries);

    // As Caffe's tool takes it: CPU or GPU, and DEVICE_ID=N after it.
    private static string DeviceOf(string[] words) => words switch
    {
        [] or ["CPU"] => "cpu",
        ["GPU"] => DeviceOptions.OfGpu("0", "DEVICE"),
        ["GPU", var id] when id.StartsWith(DeviceId, StringComparison.Ordinal) =>
            DeviceOptions.OfGpu(id[DeviceId.Length..], "DEVICE_ID"),
        ["CPU", var id] when id.StartsWith(DeviceId, StringComparison.Ordinal) => "cpu",
        _ => throw Usage($"DEVICE is CPU, or GPU and DEVICE_ID=N, not '{string.Join(' ', words)}'"),
    };

    private static CaffeException Usage(string what) => new(ErrorCodes.Usage, FailureKind.Configuration, what);
}
