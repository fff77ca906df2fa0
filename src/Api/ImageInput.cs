using CaffeActors.Api.Images;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api;

/// <summary>What classifiers and detectors have in common: one input for images.</summary>
internal static class ImageInput
{
    /// <summary>The net's input for images.</summary>
    public static string Of(CaffeNet net)
    {
        if (net.Inputs.Count == 0 || net.Blobs[net.Inputs[0]].AxisCount != 4)
        {
            throw new CaffeException(ErrorCodes.BadNet, FailureKind.Configuration,
                $"net '{net.Name}' has no input for images (an Input layer of batch, channels, height and width); "
                + "take its deploy form");
        }

        return net.Inputs[0];
    }

    /// <summary>The steps from an image to the input.</summary>
    public static InputTransformer TransformerOf(CaffeNet net, string input, ClassifierOptions options)
    {
        var transformer = new InputTransformer(net.Blobs[input].Shape.ToArray());
        transformer.SetTranspose(2, 0, 1);
        if (options.ChannelSwap is { } order)
            transformer.SetChannelSwap(order);
        if (options.RawScale is { } raw)
            transformer.SetRawScale(raw);
        if (options.Mean is { } mean)
            transformer.SetMean(mean);
        if (options.InputScale is { } scale)
            transformer.SetInputScale(scale);
        return transformer;
    }

    /// <summary>Runs images of the input's size through the net.</summary>
    /// <returns>The first output, one row for each image.</returns>
    public static NdArray Run(
        CaffeNet net, string input, InputTransformer transformer, IReadOnlyList<NdArray> images)
    {
        NdArray batch = NdArray.Stack([.. images.Select(transformer.Preprocess)]);
        return net.ForwardAll((input, batch))[net.Outputs[0]];
    }
}
