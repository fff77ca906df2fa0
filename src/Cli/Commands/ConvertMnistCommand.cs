using System.CommandLine;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's convert_mnist_data.</summary>
[Verb("convert mnist", "Make an LMDB of MNIST's IDX files (plain or .gz).",
    "caffeactors convert mnist train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz mnist_train_lmdb")]
internal sealed class ConvertMnistCommand : VerbCommand
{
    private readonly Argument<string> _images = new("IMAGES") { Description = "IDX file of images." };
    private readonly Argument<string> _labels = new("LABELS") { Description = "IDX file of labels." };
    private readonly Argument<string> _target =
        new("DB") { Description = "Folder of the database; it must not exist." };
    private readonly Option<string> _backend =
        new("--backend") { Description = "lmdb.", DefaultValueFactory = static _ => "lmdb" };

    public override void Define(Command command)
    {
        command.Arguments.Add(_images);
        command.Arguments.Add(_labels);
        command.Arguments.Add(_target);
        command.Options.Add(_backend);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        if (arguments.GetValue(_backend) is not "lmdb")
            throw new CaffeException(
                ErrorCodes.Usage, FailureKind.Configuration, "--backend is lmdb; this build writes no other");
        long records = MnistConverter.Convert(
            arguments.GetValue(_images)!, arguments.GetValue(_labels)!, arguments.GetValue(_target)!);
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Processed {records} files."));
        return Task.FromResult(ExitCodes.Done);
    }
}
