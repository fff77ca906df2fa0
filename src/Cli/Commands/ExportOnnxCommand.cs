using System.CommandLine;
using System.Globalization;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Onnx;

namespace CaffeActors.Cli.Commands;

/// <summary>Writes a net as a file of ONNX.</summary>
[Verb("export onnx", "Write a net and its weights as an ONNX file, for ONNX Runtime and others.",
    "caffeactors export onnx configs/nets/lenet_deploy.prototxt lenet.caffemodel lenet.onnx --batch dynamic",
    Notes = """
    FILES are the weights (.caffemodel, .caffemodel.h5 or .solverstate), which a run's newest snapshot
    brings by itself, and the file to write. The file computes what the net's forward pass does. Losses
    and accuracies are left out, and their scores become outputs; layers that read data become inputs.
    What a layer becomes, and how the file is run, is told in docs/onnx.md. A layer that ONNX cannot
    express is an error that names it.
    """)]
internal sealed class ExportOnnxCommand : VerbCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = $"A net or solver (prototxt), a run configuration (.hocon), or a run: {RunOptions.Names}.",
    };

    private readonly Argument<string[]> _files = new("FILES")
    {
        Description = "[WEIGHTS] OUT.onnx: the weights, and the file to write; one that is there is replaced.",
        Arity = new ArgumentArity(1, 2),
    };

    private readonly Option<Phase> _phase = new("--phase")
    {
        Description = "TRAIN or TEST.",
        DefaultValueFactory = static _ => Phase.Test,
    };

    private readonly Option<string> _batch = new("--batch")
    {
        Description = "Items of a batch, or dynamic: left open until the file is run. Default: as the net says.",
    };

    private readonly Option<int> _opset = new("--opset")
    {
        Description = $"Version of ONNX's operators, {OnnxOptions.OldestOpset} to {OnnxOptions.NewestOpset}.",
        DefaultValueFactory = static _ => new OnnxOptions().Opset,
    };

    private readonly Option<string[]> _shapes = InputShapeOption.Make();
    private readonly Option<string[]> _layers = LayersOption.Make();
    private readonly RunOptions _runs = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_model);
        command.Arguments.Add(_files);
        foreach (Option option in (Option[])[_phase, _batch, _opset, _shapes, _layers])
            command.Options.Add(option);
        _runs.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string[] files = arguments.GetValue(_files)!;
        string output = files[^1];
        if (!output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            throw Usage($"the file to write ends with .onnx, not as '{output}' does");
        string batch = arguments.GetValue(_batch) ?? "";
        int items = 0;
        if (batch is not ("" or "dynamic") && !(int.TryParse(
            batch, NumberStyles.None, CultureInfo.InvariantCulture, out items) && items > 0))
            throw Usage($"--batch is a number, at least 1, or dynamic, not '{batch}'");
        ExportedModel model = Model(arguments, terminal);
        string? weights = files.Length > 1 ? files[0] : model.Weights;
        using CaffeNet net = Open(arguments, model, terminal);
        if (weights is null)
            terminal.Error.WriteLine("No weights are given: the file gets those that the net's fillers make.");
        else
            Load(net, weights, terminal.Error.WriteLine);
        OnnxSummary written = OnnxFile.Write(output, net.Net, new OnnxOptions
        {
            Opset = arguments.GetValue(_opset),
            Batch = items > 0 ? items : null,
            DynamicBatch = batch == "dynamic",
            Metadata = NetMetadata.Of(model.Net),
            Notice = terminal.Error.WriteLine,
        });
        foreach (string input in written.Inputs)
            terminal.Error.WriteLine($"input  {input}");
        foreach (string result in written.Outputs)
            terminal.Error.WriteLine($"output {result}");
        terminal.Out.WriteLine(output);
        return Task.FromResult(ExitCodes.Done);
    }

    private ExportedModel Model(ParseResult arguments, Terminal terminal)
    {
        string model = arguments.GetValue(_model)!;
        Phase phase = arguments.GetValue(_phase);
        return ExportedModel.IsFile(model)
            ? ExportedModel.OfFile(model, phase, LayersOption.Of(arguments, _layers), terminal)
            : ExportedModel.OfRun(_runs.Find(arguments, [model])[0], phase, terminal);
    }

    // What the net itself does not tell of its data's shapes the data do, if they are there.
    private CaffeNet Open(ParseResult arguments, ExportedModel model, Terminal terminal)
    {
        IReadOnlyDictionary<string, int[]> given = InputShapeOption.Of(arguments, _shapes);
        try
        {
            return model.Open(given, terminal.Error.WriteLine);
        }
        catch (CaffeException failure) when (failure.Code == ErrorCodes.BadNet && given.Count == 0)
        {
            IReadOnlyDictionary<string, int[]> shapes;
            try
            {
                shapes = model.ShapesOfData();
            }
            catch (CaffeException)
            {
                throw failure;
            }

            return model.Open(shapes, terminal.Error.WriteLine);
        }
    }

    private static void Load(CaffeNet net, string weights, Action<string> notice)
    {
        if (ExportedWeights.IsState(weights))
            net.Net.CopyTrainedLayersFrom(ExportedWeights.Read(weights, notice));
        else
            net.LoadWeights(weights, notice);
    }

    private static CaffeException Usage(string message) =>
        new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
