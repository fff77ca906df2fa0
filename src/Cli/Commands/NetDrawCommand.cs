using System.CommandLine;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;
using CaffeActors.Data.Nets;
using CaffeActors.Data.Nets.Drawing;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Cli.Commands;

/// <summary>Draws a net.</summary>
[Verb("net draw", "Draw a net as a picture: SVG, or a file for Graphviz.",
    "caffeactors net draw configs/nets/lenet.prototxt lenet.svg --input-shape data=64,1,28,28", Notes = """
    The colours tell the kinds of layers; the picture follows its viewer's choice of light or dark. Layers
    that work in place stand in the box of the layer before. Shapes stand at the arrows, where the net
    tells the shape of its data or --input-shape does.
    """)]
internal sealed class NetDrawCommand : VerbCommand
{
    private readonly Argument<string> _file = new("NET") { Description = "The net (prototxt)." };
    private readonly Argument<string> _output =
        new("OUT") { Description = "The picture to write: .svg, or .dot for Graphviz; one that is there is replaced." };

    private readonly Option<Phase> _phase = new("--phase")
    {
        Description = "TRAIN or TEST.",
        DefaultValueFactory = static _ => Phase.Train,
    };

    private readonly Option<string> _direction = new("--rankdir")
    {
        Description = "Which way it leads: TB, from top to bottom, or LR, from left to right.",
        DefaultValueFactory = static _ => "TB",
    };

    private readonly Option<string[]> _shapes = InputShapeOption.Make();
    private readonly Option<string[]> _layers = LayersOption.Make();

    public override void Define(Command command)
    {
        command.Arguments.Add(_file);
        command.Arguments.Add(_output);
        command.Options.Add(_phase);
        command.Options.Add(_direction);
        command.Options.Add(_shapes);
        command.Options.Add(_layers);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string file = arguments.GetValue(_file)!, output = arguments.GetValue(_output)!;
        PictureDirection direction = arguments.GetValue(_direction) switch
        {
            "TB" => PictureDirection.Down,
            "LR" => PictureDirection.Right,
            string other => throw Usage($"--rankdir is TB or LR, not '{other}'"),
            null => PictureDirection.Down,
        };
        Func<NetPicture, PictureDirection, string> draw = Path.GetExtension(output).ToLowerInvariant() switch
        {
            ".svg" => SvgDrawing.Draw,
            ".dot" or ".gv" => DotDrawing.Draw,
            _ => throw Usage($"OUT ends with .svg or .dot, not as '{output}' does"),
        };
        AtomicFile.WriteText(output, draw(Picture(arguments, file, terminal), direction));
        terminal.Error.WriteLine($"The picture is in '{output}'.");
        return Task.FromResult(ExitCodes.Done);
    }

    private NetPicture Picture(ParseResult arguments, string file, Terminal terminal)
    {
        NetParameter net = NetFiles.ReadNet(file, terminal.Error.WriteLine);
        net.State = NetStates.Merge(Phase.Test, net.State, new NetState { Phase = arguments.GetValue(_phase) });
        Func<string, string> resolve = new PathFinder().Beside(file).Resolve;
        LayerCatalog catalog = LayerPlugIns.Catalog(LayersOption.Of(arguments, _layers), resolve);
        using CaffeNet? built = Build(arguments, net, catalog, resolve, terminal);
        return NetPicture.Of(
            NetStates.Filter(net, static _ => { }),
            blob => built is not null && built.Blobs.TryGetValue(blob, out Compute.Blobs.Blob? found)
                ? found.Shape.ToArray() : null,
            layer => LayerKinds.Of(catalog, layer));
    }

    // Null where the shapes of the data are not known: the net is then drawn without shapes.
    private CaffeNet? Build(
        ParseResult arguments, NetParameter net, LayerCatalog catalog, Func<string, string> resolve, Terminal terminal)
    {
        NetParameter inputs = net.CloneWithPlaces();
        try
        {
            DataPlaceholders.Replace(inputs, InputShapeOption.Of(arguments, _shapes), terminal.Error.WriteLine);
        }
        catch (CaffeException unknown) when (unknown.Code == ErrorCodes.BadNet)
        {
            terminal.Error.WriteLine($"Drawn without shapes: {unknown.Message}.");
            return null;
        }

        return CaffeNet.Open(inputs, new CaffeNetOptions { Catalog = catalog, TellBuild = false }, resolve);
    }

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
