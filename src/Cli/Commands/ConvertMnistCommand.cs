using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's convert_mnist_data.</summary>
[Verb("convert mnist", "Make a database of MNIST's IDX files (plain or .gz).",
    "caffeactors convert mnist train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz mnist_train_lmdb",
    TakesGflags = true)]
internal sealed class ConvertMnistCommand : VerbCommand
{
    private readonly Argument<string> _images = new("IMAGES") { Description = "IDX file of images." };
    private readonly Argument<string> _labels = new("LABELS") { Description = "IDX file of labels." };
    private readonly Argument<string> _target =
        new("DB") { Description = "Folder of the database; it must not exist." };
    private readonly Option<string> _backend = BackendOption.Create("lmdb");

    public override void Define(Command command)
    {
        command.Arguments.Add(_images);
        command.Arguments.Add(_labels);
        command.Arguments.Add(_target);
        command.Options.Add(_backend);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        var backend = BackendOption.Parse(arguments.GetValue(_backend));
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "convert-mnist");
        MnistConverter.Convert(
            arguments.GetValue(_images)!, arguments.GetValue(_labels)!, arguments.GetValue(_target)!,
            (done, _) => log.Info($"Processed {done} files."), backend);
        return Task.FromResult(ExitCodes.Done);
    }
}
