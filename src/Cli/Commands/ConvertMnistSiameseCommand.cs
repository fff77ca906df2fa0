using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's convert_mnist_siamese_data.</summary>
[Verb("convert mnist_siamese", "Make a database of random pairs of MNIST's images, for siamese nets.",
    "caffeactors convert mnist_siamese train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz mnist_siamese_train",
    TakesGflags = true)]
internal sealed class ConvertMnistSiameseCommand : VerbCommand
{
    private readonly Argument<string> _images = new("IMAGES") { Description = "IDX file of images." };
    private readonly Argument<string> _labels = new("LABELS") { Description = "IDX file of labels." };
    private readonly Argument<string> _target =
        new("DB") { Description = "Folder of the database; it must not exist." };
    private readonly Option<string> _backend = BackendOption.Create("leveldb");
    private readonly Option<ulong> _seed =
        new("--seed") { Description = "Decides the pairs.", DefaultValueFactory = static _ => 0 };

    public override void Define(Command command)
    {
        command.Arguments.Add(_images);
        command.Arguments.Add(_labels);
        command.Arguments.Add(_target);
        command.Options.Add(_backend);
        command.Options.Add(_seed);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        var backend = BackendOption.Parse(arguments.GetValue(_backend));
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "convert-mnist-siamese");
        MnistSiameseConverter.Convert(
            arguments.GetValue(_images)!, arguments.GetValue(_labels)!, arguments.GetValue(_target)!, backend,
            arguments.GetValue(_seed), (done, _) => log.Info($"Processed {done} files."));
        return Task.FromResult(ExitCodes.Done);
    }
}
