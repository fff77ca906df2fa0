using System.CommandLine;
using System.Globalization;
using CaffeActors.Api;
using CaffeActors.Api.Images;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Cli.Commands;

/// <summary>Classifies images: the five best classes of each, as Caffe's sample program prints them.</summary>
[Verb("classify", "Classify images: the five best classes of each, with scores.",
    "caffeactors classify --model deploy.prototxt --weights net.caffemodel --mean mean.binaryproto "
    + "--labels words.txt cat.jpg")]
internal sealed class ClassifyCommand : VerbCommand
{
    private const int Shown = 5;

    private readonly Option<string> _model =
        new("--model") { Description = "The net (prototxt) with an input, its deploy form.", Required = true };
    private readonly Option<string> _weights =
        new("--weights") { Description = "Weight files, comma-separated.", Required = true };
    private readonly Option<string> _mean =
        new("--mean") { Description = "Mean image (binaryproto), whose channels' means count, or mean values: B,G,R." };
    private readonly Option<string> _labels =
        new("--labels") { Description = "Names of the classes, one a line; without it they are numbers." };
    private readonly Option<bool> _oversample =
        new("--oversample") { Description = "Average over ten windows: corners, middle and their mirrors." };
    private readonly Option<string> _imagesDim = new("--images-dim")
    {
        Description = "Rows and columns that images are resized to before the window is cut: H,W. Default: the net's "
            + "input; with --oversample the mean image's size, else 8/7 of the input.",
    };
    private readonly Option<float> _rawScale = new("--raw-scale")
    {
        Description = "Multiplies values from 0 to 1 before the mean is subtracted.",
        DefaultValueFactory = static _ => 255,
    };
    private readonly Option<float> _inputScale = new("--input-scale")
    {
        Description = "Multiplies values after the mean was subtracted.",
        DefaultValueFactory = static _ => 1,
    };
    private readonly Option<string> _channelSwap = new("--channel-swap")
    {
        Description = "Order of red, green, blue (0,1,2) in the net's input.",
        DefaultValueFactory = static _ => "2,1,0",
    };
    private readonly Option<string> _device = DeviceOptions.Device();
    private readonly Option<int> _threads =
        new("--threads") { Description = "Threads to compute on; 0 takes one for each core." };
    private readonly Option<string[]> _layers = LayersOption.Make();
    private readonly Argument<string[]> _images =
        new("IMAGE") { Description = "Image files.", Arity = ArgumentArity.OneOrMore };

    public override void Define(Command command)
    {
        foreach (Option option in (Option[])[
            _model, _weights, _mean, _labels, _oversample, _imagesDim, _rawScale, _inputScale, _channelSwap, _device,
            _threads, _layers])
        {
            command.Options.Add(option);
        }

        command.Arguments.Add(_images);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        bool oversample = arguments.GetValue(_oversample);
        CaffeNet net = CaffeNet.Open(arguments.GetValue(_model)!, Phase.Test, new CaffeNetOptions
        {
            Device = DeviceOptions.Of(arguments, _device),
            Warning = terminal.Error.WriteLine,
            Threads = ModelOptions.ThreadCount(arguments.GetValue(_threads)),
            LayerAssemblies = LayersOption.Of(arguments, _layers),
            Use = new NetUse(Backward: false),
        });
        using Classifier classifier = Open(net, arguments, oversample, out (int Height, int Width) size);
        bool color = net.Blobs[net.Inputs[0]].Channels == 3;
        string[]? labels = arguments.GetValue(_labels) is { } file ? ReadLabels(file, net) : null;
        foreach (string image in arguments.GetValue(_images)!)
        {
            // Resized while the values are still 8-bit, as Caffe's sample does it.
            NdArray pixels = ImageArrays.Load(image, color, size.Height, size.Width);
            Tell(image, classifier.Predict([pixels], oversample)[0], labels, terminal);
        }

        return Task.FromResult(ExitCodes.Done);
    }

    private Classifier Open(
        CaffeNet net, ParseResult arguments, bool oversample, out (int Height, int Width) size)
    {
        try
        {
            Blob input = Classifier.InputOf(net);
            int channels = input.Channels;
            if (channels is not (1 or 3))
            {
                throw new CaffeException(ErrorCodes.BadNet, FailureKind.Configuration,
                    $"net '{net.Name}' takes images of {channels} channels; image files have 1 or 3");
            }

            // As many items as there are windows: no more are computed.
            net.Reshape(net.Inputs[0], oversample ? 10 : 1, channels, input.Height, input.Width);
            net.RequireMemory();
            net.LoadWeights(arguments.GetValue(_weights)!);
            MeanOption? mean = arguments.GetValue(_mean) is { } text ? MeanOption.Read(text, channels) : null;
            size = SizeOf(arguments.GetValue(_imagesDim), input, oversample ? mean : null, oversample);
            return new Classifier(net, new ClassifierOptions
            {
                ImageHeight = size.Height,
                ImageWidth = size.Width,
                Mean = mean?.Values,
                RawScale = arguments.GetValue(_rawScale),
                InputScale = arguments.GetValue(_inputScale),
                ChannelSwap = channels == 3 ? Numbers(arguments.GetValue(_channelSwap)!, "--channel-swap") : null,
            });
        }
        catch
        {
            net.Dispose();
            throw;
        }
    }

    private static (int Height, int Width) SizeOf(string? given, Blob input, MeanOption? mean, bool oversample)
    {
        (int Height, int Width) size = (input.Height, input.Width);
        if (given is not null)
        {
            int[] numbers = Numbers(given, "--images-dim");
            if (numbers.Length != 2 || numbers[0] < input.Height || numbers[1] < input.Width)
            {
                throw Usage($"--images-dim is H,W, not smaller than the net's input of {input.Height},{input.Width}; "
                    + $"not '{given}'");
            }

            if (4L * numbers[0] * numbers[1] * sizeof(float) > int.MaxValue)
                throw Usage($"--images-dim {given} makes images that are too large");
            return (numbers[0], numbers[1]);
        }

        if (!oversample)
            return size;
        return mean is { } image && image.Height >= size.Height && image.Width >= size.Width
            ? (image.Height, image.Width) : (size.Height * 8 / 7, size.Width * 8 / 7);
    }

    private static string[] ReadLabels(string file, CaffeNet net)
    {
        string[] labels;
        try
        {
            labels = File.ReadAllText(file).TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
                $"the labels '{file}' cannot be read: {cause.Message}", null, cause);
        }

        Blob output = net.Blobs[net.Outputs[0]];
        int classes = output.Count / output.Dim(0);
        return labels.Length == classes ? labels : throw new CaffeException(
            ErrorCodes.ShapeMismatch, FailureKind.Configuration,
            $"'{file}' has {labels.Length} labels, the net's output '{net.Outputs[0]}' {classes} values");
    }

    private static void Tell(string image, float[] scores, string[]? labels, Terminal terminal)
    {
        terminal.Out.WriteLine($"---------- Prediction for {image} ----------");
        foreach ((int label, float score) in Classifier.Top(scores, Shown))
        {
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{score:F4} - \"{labels?[label] ?? label.ToString(CultureInfo.InvariantCulture)}\""));
        }
    }

    private static int[] Numbers(string text, string option)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.All(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? [.. parts.Select(part => int.Parse(part, CultureInfo.InvariantCulture))]
            : throw Usage($"{option} is whole numbers separated by commas, not '{text}'");
    }

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
