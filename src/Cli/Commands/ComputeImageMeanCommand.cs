using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;
using Google.Protobuf;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's compute_image_mean.</summary>
[Verb("compute_image_mean", "Average the images of a database, as transform_param's mean_file takes it.",
    "caffeactors compute_image_mean train_lmdb mean.binaryproto", TakesGflags = true)]
internal sealed class ComputeImageMeanCommand : VerbCommand
{
    private readonly Argument<string> _path = new("INPUT_DB") { Description = "Folder of the database." };
    private readonly Argument<string> _output = new("OUTPUT_FILE")
    {
        Description = "File to write the mean image to (BlobProto); without it only the channels' means are told.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _backend = BackendOption.Create("lmdb");

    public override void Define(Command command)
    {
        command.Arguments.Add(_path);
        command.Arguments.Add(_output);
        command.Options.Add(_backend);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        // Taken for Caffe's scripts; what the folder holds decides.
        BackendOption.Parse(arguments.GetValue(_backend));
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "compute-image-mean");
        using RecordSource source = RecordSource.Open(arguments.GetValue(_path)!);
        ImageMean mean = ImageMean.Compute(source, (done, _) => log.Info($"Processed {done} files."));
        if (arguments.GetValue(_output) is { } output)
        {
            log.Info($"Write to {output}");
            AtomicFile.Write(output, stream => mean.ToProto().WriteTo(stream));
        }

        log.Info($"Number of channels: {mean.Channels}");
        float[] means = mean.ChannelMeans;
        for (int channel = 0; channel < means.Length; channel++)
            log.Info($"mean_value channel [{channel}]: {LogNumber.Format(means[channel])}");
        return Task.FromResult(ExitCodes.Done);
    }
}
