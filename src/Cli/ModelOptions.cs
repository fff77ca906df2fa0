using System.CommandLine;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Api;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Cli;

/// <summary>The flags of Caffe's commands that open a net: model, phase, level, stages, device.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string> _model = new("--model") { Description = "The net (prototxt).", Required = true };
    private readonly Option<string> _phase = new("--phase") { Description = "TRAIN or TEST." };
    private readonly Option<int> _level = new("--level") { Description = "Level of the net's state." };
    private readonly Option<string> _stage =
        new("--stage")
        {
            Description = "Stages of the net's state, comma-separated.",
            DefaultValueFactory = static _ =>
        ""
        };
    private readonly Option<string> _gpu = DeviceOptions.Gpu();
    private readonly Option<int> _threads =
        new("--threads") { Description = "Threads to compute on; 0 takes one for each core." };

    private readonly Option<string> _precision = PrecisionOption.Make();
    private readonly Option<string[]> _layers = LayersOption.Make();

    /// <summary>Lets a command take them.</summary>
    public void AddTo(Command command, bool withPhase)
    {
        command.Options.Add(_model);
        if (withPhase)
            command.Options.Add(_phase);
        command.Options.Add(_level);
        command.Options.Add(_stage);
        command.Options.Add(_gpu);
        command.Options.Add(_threads);
        command.Options.Add(_precision);
        command.Options.Add(_layers);
        GlogFlags.AddTo(command);
    }

    /// <summary>Opens the net.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="phase">The phase where none is given.</param>
    /// <param name="log">Hears remarks.</param>
    /// <param name="use">What the net is used for; null for anything.</param>
    /// <exception cref="CaffeException">The net cannot be built, or is too large to run.</exception>
    public CaffeNet Open(ParseResult arguments, Phase phase, RunLog log, NetUse? use = null)
    {
        Phase wanted = arguments.GetResult(_phase) is null ? phase : ParsePhase(arguments.GetValue(_phase), phase);
        CaffeNet net = CaffeNet.Open(arguments.GetValue(_model)!, wanted, new CaffeNetOptions
        {
            Device = DeviceOptions.OfGpu(arguments.GetValue(_gpu), "--gpu"),
            Level = arguments.GetValue(_level),
            Stages = arguments.GetValue(_stage)!.Split(','),
            Threads = ThreadCount(arguments.GetValue(_threads)),
            Precision = PrecisionOption.Of(arguments, _precision) ?? StorageType.Float32,
            LayerAssemblies = LayersOption.Of(arguments, _layers),
            Notice = line => log.Info(line),
            Warning = line => log.Warn(line),
            Use = use,
        });
        try
        {
            net.RequireMemory();
            return net;
        }
        catch
        {
            net.Dispose();
            throw;
        }
    }

    /// <summary>Reads a phase.</summary>
    public static Phase ParsePhase(string? text, Phase standard) => text switch
    {
        null or "" => standard,
        "TRAIN" => Phase.Train,
        "TEST" => Phase.Test,
        _ => throw new CaffeException(
        ErrorCodes.Usage, FailureKind.Configuration, $"--phase is TRAIN or TEST, not '{text}'"),
    };

    /// <summary>Checks a count.</summary>
    public static int AtLeastOne(int value, string option) => value >= 1
        ? value
        : throw new CaffeException(
            ErrorCodes.Usage, FailureKind.Configuration, $"{option} must be at least 1, not {value}");

    /// <summary>Checks a number of threads: 0 to 1024, as in a run configuration.</summary>
    public static int ThreadCount(int value) => value is >= 0 and <= 1024
        ? value
        : throw new CaffeException(
            ErrorCodes.Usage, FailureKind.Configuration, $"--threads must be 0 to 1024, not {value}");
}
