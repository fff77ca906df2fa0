using System.CommandLine;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's download_model_binary.</summary>
[Verb("model download", "Get the weights of a Model Zoo folder by its readme.md, and check their SHA-1.",
    "caffeactors model download models/bvlc_reference_caffenet")]
internal sealed class ModelDownloadCommand : VerbCommand
{
    private readonly Argument<string> _folder = new("DIR")
    {
        Description = "Folder with a readme.md whose head has caffemodel, caffemodel_url and sha1.",
    };

    public override void Define(Command command) => command.Arguments.Add(_folder);

    public override async Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var download = new ModelDownload(client, terminal.Error.WriteLine);
        terminal.Out.WriteLine(await download.RunAsync(arguments.GetValue(_folder)!));
        return ExitCodes.Done;
    }
}
