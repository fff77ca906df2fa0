using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's convert_imageset.</summary>
[Verb("convert imageset", "Make a database of image files and a list of their labels.",
    "caffeactors convert imageset --shuffle --resize_height=256 --resize_width=256 images/ list.txt train_lmdb",
    TakesGflags = true)]
internal sealed class ConvertImagesetCommand : VerbCommand
{
    private readonly Argument<string> _root =
        new("ROOTFOLDER/") { Description = "Put before each path of the list as it is." };
    private readonly Argument<string> _list =
        new("LISTFILE") { Description = "Lines of a path, a blank and an integer label." };
    private readonly Argument<string> _target =
        new("DB_NAME") { Description = "Folder of the database; it must not exist." };
    private readonly Option<string> _backend = BackendOption.Create("lmdb");
    private readonly Option<bool> _gray = new("--gray") { Description = "Make images gray." };
    private readonly Option<bool> _shuffle = new("--shuffle") { Description = "Bring the list in a random order." };
    private readonly Option<ulong> _seed =
        new("--seed") { Description = "Decides the random order.", DefaultValueFactory = static _ => 0 };
    private readonly Option<int> _width =
        new("--resize_width") { Description = "Width that images are resized to; 0 leaves it." };
    private readonly Option<int> _height =
        new("--resize_height") { Description = "Height that images are resized to; 0 leaves it." };
    private readonly Option<bool> _checkSize =
        new("--check_size") { Description = "End with an error where an image has another size than the first." };
    private readonly Option<bool> _encoded =
        new("--encoded") { Description = "Store image files, not pixels." };
    private readonly Option<string> _encodeType = new("--encode_type")
    {
        Description = "Format to store image files in: png, jpg or webp; implies --encoded.",
        DefaultValueFactory = static _ => "",
    };
    private readonly Option<int> _threads =
        new("--threads") { Description = "Threads to decode on; 0 takes one for each core." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_root);
        command.Arguments.Add(_list);
        command.Arguments.Add(_target);
        foreach (Option option in (Option[])[_backend, _gray, _shuffle, _seed, _width, _height, _checkSize, _encoded,
            _encodeType, _threads])
        {
            command.Options.Add(option);
        }

        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        var options = new ImageSetOptions
        {
            Backend = BackendOption.Parse(arguments.GetValue(_backend)),
            Gray = arguments.GetValue(_gray),
            Shuffle = arguments.GetValue(_shuffle),
            Seed = arguments.GetValue(_seed),
            ResizeWidth = arguments.GetValue(_width),
            ResizeHeight = arguments.GetValue(_height),
            CheckSize = arguments.GetValue(_checkSize),
            Encoded = arguments.GetValue(_encoded),
            EncodeType = arguments.GetValue(_encodeType)!,
            Threads = ModelOptions.ThreadCount(arguments.GetValue(_threads)),
        };
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "convert-imageset");
        ImageSetConverter.Convert(
            arguments.GetValue(_root)!, arguments.GetValue(_list)!, arguments.GetValue(_target)!, options,
            line => log.Warn(line), (done, _) => log.Info($"Processed {done} files."));
        return Task.FromResult(ExitCodes.Done);
    }
}
