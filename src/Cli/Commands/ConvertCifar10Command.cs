using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's convert_cifar_data.</summary>
[Verb("convert cifar10", "Make the two databases of CIFAR-10's binary files.",
    "caffeactors convert cifar10 cifar-10-batches-bin . lmdb", TakesGflags = true)]
internal sealed class ConvertCifar10Command : VerbCommand
{
    private readonly Argument<string> _input =
        new("INPUT") { Description = "Folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin." };
    private readonly Argument<string> _output =
        new("OUTPUT") { Description = "Folder where cifar10_train_DB_TYPE and cifar10_test_DB_TYPE are made." };
    private readonly Argument<string> _kind = new("DB_TYPE") { Description = "lmdb or leveldb." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_input);
        command.Arguments.Add(_output);
        command.Arguments.Add(_kind);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        var backend = BackendOption.Parse(arguments.GetValue(_kind), "DB_TYPE");
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "convert-cifar10");
        CifarConverter.Convert(arguments.GetValue(_input)!, arguments.GetValue(_output)!, backend,
            line => log.Info(line));
        return Task.FromResult(ExitCodes.Done);
    }
}
