using System.CommandLine;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Api;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Dumps;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Cli.Commands;

/// <summary>One pass of a net over given inputs, everything it computed written to an HDF5 file.</summary>
[Verb("net run", "Run a net once over given inputs and write all blobs, gradients and parameters as HDF5.",
    "caffeactors net run --model net.prototxt --weights w.caffemodel --inputs in.h5 --output out.h5 "
    + "--backward")]
internal sealed class NetRunCommand : VerbCommand
{
    private readonly Option<string> _model = new("--model") { Description = "The net (prototxt).", Required = true };
    private readonly Option<string> _weights =
        new("--weights") { Description = "Weights: .caffemodel, .caffemodel.h5, or HDF5 with params/LAYER/I." };
    private readonly Option<string> _inputs =
        new("--inputs") { Description = "HDF5 with inputs/BLOB (or BLOB) for each input, top_diffs/BLOB for outputs." };
    private readonly Option<string> _output = new("--output") { Description = "HDF5 file to write.", Required = true };
    private readonly Option<string> _phase =
        new("--phase") { Description = "TRAIN or TEST; without it the file's own state, else TEST." };
    private readonly Option<string> _random =
        new("--random") { Description = "Positions of the random streams to begin from (random.json of a dump)." };
    private readonly Option<bool> _backward = new("--backward") { Description = "Run backward too." };
    private readonly Option<string> _device = DeviceOptions.Device();
    private readonly Option<int> _threads =
        new("--threads") { Description = "Threads to compute on; 0 takes one for each core." };
    private readonly Option<string> _precision = PrecisionOption.Make();
    private readonly Option<string[]> _layers = LayersOption.Make();

    public override void Define(Command command)
    {
        foreach (Option option in (Option[])[_model, _weights, _inputs, _random, _output, _phase, _backward, _device,
            _threads, _precision, _layers])
            command.Options.Add(option);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string device = DeviceOptions.Of(arguments, _device);
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "net-run");
        Phase? phase = arguments.GetValue(_phase) is { } text ? ModelOptions.ParsePhase(text, Phase.Test) : null;
        using CaffeNet session = CaffeNet.Open(arguments.GetValue(_model)!, phase, new CaffeNetOptions
        {
            Device = device,
            Threads = ModelOptions.ThreadCount(arguments.GetValue(_threads)),
            Precision = PrecisionOption.Of(arguments, _precision) ?? StorageType.Float32,
            Notice = line => log.Info(line),
            Warning = line => log.Warn(line),
            LayerAssemblies = LayersOption.Of(arguments, _layers),
        });
        if (arguments.GetValue(_weights) is { } weights)
            session.LoadWeights(weights, line => log.Info(line));
        if (arguments.GetValue(_random) is { } random)
            RandomPositions.Restore(random, session.Net);
        var scan = new PassScan(session.Net);
        session.Net.Scan = scan;
        bool backward = arguments.GetValue(_backward);
        using Hdf5Reader? inputs = arguments.GetValue(_inputs) is { } path ? new Hdf5Reader(path) : null;
        ReadInputs(session.Net, inputs);
        session.Net.Reshape();
        if (inputs is not null)
            PassDump.RestoreStates(inputs, session.Net);
        session.RequireMemory();
        float loss = session.Net.Forward();
        if (backward)
        {
            ReadTopDiffs(session.Net, inputs);
            session.Net.Backward();
        }

        Write(session.Net, backward, arguments.GetValue(_output)!);
        log.Info($"Loss: {LogNumber.Format(loss)}");
        if (scan.Fault is { } fault)
            log.Warn($"The first value that is not finite is in {fault.Where}.");
        return Task.FromResult(ExitCodes.Done);
    }

    private static void ReadInputs(Net net, Hdf5Reader? file)
    {
        if (net.InputNames.Count == 0)
            return;
        if (file is null)
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"the net has inputs ({string.Join(", ", net.InputNames)}); give their values with --inputs");
        }

        foreach (string name in net.InputNames)
        {
            string path = file.HasDataset($"inputs/{name}") ? $"inputs/{name}" : name;
            if (!file.HasDataset(path))
            {
                throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                    $"'{file.Path}' has neither inputs/{name} nor {name}, which the net's input '{name}' needs");
            }

            file.ReadBlob(path, net.Blob(name));
        }
    }

    private static void ReadTopDiffs(Net net, Hdf5Reader? file)
    {
        foreach (string name in net.OutputNames)
        {
            Blob blob = net.Blob(name);
            string path = $"top_diffs/{name}";
            if (file is null || net.LossWeightOf(name) != 0 || !file.HasDataset(path))
                continue;
            float[] diff = file.ReadFloats(path);
            if (diff.Length != blob.Count)
            {
                throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Data,
                    $"{path} in '{file.Path}' has {diff.Length} values, the output has the shape {blob.ShapeString}");
            }

            diff.CopyTo(blob.MutableDiff);
        }
    }

    private static void Write(Net net, bool backward, string path)
    {
        var file = new Hdf5Writer();
        foreach (string name in net.BlobNames)
        {
            file.AddBlob($"data/{name}", net.Blob(name));
            if (backward)
                file.AddBlob($"diff/{name}", net.Blob(name), diff: true);
        }

        foreach (NetLayer layer in net.Layers)
        {
            for (int i = 0; i < layer.Layer.Blobs.Count; i++)
            {
                file.AddBlob($"params/{layer.Name}/{i}", layer.Layer.Blobs[i]);
                if (backward)
                    file.AddBlob($"param_diffs/{layer.Name}/{i}", layer.Layer.Blobs[i], diff: true);
            }
        }

        file.Save(path);
    }
}
