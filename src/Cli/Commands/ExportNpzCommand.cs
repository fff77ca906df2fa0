using System.CommandLine;
using System.Globalization;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Commands;

/// <summary>Writes weights as arrays of NumPy.</summary>
[Verb("export npz", "Write weights as arrays that numpy.load opens.",
    "caffeactors export npz lenet_iter_10000.caffemodel lenet.npz", Notes = """
    Arrays are called LAYER/0, LAYER/1, ...: weights before bias, in the shapes that the file tells.
    """)]
internal sealed class ExportNpzCommand : VerbCommand
{
    private readonly Argument<string> _weights = new("WEIGHTS")
    {
        Description = "A .caffemodel, .caffemodel.h5 or .solverstate, or a run, whose newest snapshot is taken: "
            + $"{RunOptions.Names}.",
    };

    private readonly Argument<string> _output =
        new("OUT") { Description = "The .npz file to write; one that is there is replaced." };

    private readonly RunOptions _runs = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_weights);
        command.Arguments.Add(_output);
        _runs.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string output = arguments.GetValue(_output)!;
        if (!output.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"the file to write ends with .npz, not as '{output}' does");
        }

        NetParameter net = ExportedWeights.Read(FileOf(arguments), terminal.Error.WriteLine);
        NpzFile.Write(output, net.Layer.DistinctBy(layer => layer.Name).SelectMany(Arrays));
        terminal.Out.WriteLine(output);
        return Task.FromResult(ExitCodes.Done);
    }

    private string FileOf(ParseResult arguments)
    {
        string weights = arguments.GetValue(_weights)!;
        if (File.Exists(weights) || Path.GetExtension(weights) is ".caffemodel" or ".h5" or ".solverstate")
            return weights;
        RunRecord run = _runs.Find(arguments, [weights])[0];
        return ExportedWeights.OfRun(run) ?? throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
            $"the run '{run.Manifest.RunId}' has no valid snapshot; give a file of weights");
    }

    private static IEnumerable<(string Name, int[] Shape, float[] Values)> Arrays(LayerParameter layer)
    {
        for (int i = 0; i < layer.Blobs.Count; i++)
        {
            // HDF5 files keep a shared blob with its owner alone.
            if (layer.Blobs[i].StoredValues() == 0)
                continue;
            using var blob = new Blob();
            blob.FromProto(layer.Blobs[i]);
            string name = $"{layer.Name}/{i.ToString(CultureInfo.InvariantCulture)}";
            yield return (name, blob.Shape.ToArray(), blob.Data.ToArray());
        }
    }
}
