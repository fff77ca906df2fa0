using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// The net's fields <c>input</c> with <c>input_shape</c> (or four <c>input_dim</c> each) to an Input layer named
/// "input" in the first place. Inputs without any shape are dropped.
/// </summary>
internal static class InputFieldsUpgrade
{
    private const int DimsPerInput = 4;

    /// <summary>Upgrades the inputs of a net.</summary>
    /// <exception cref="CaffeException">There are fewer shapes than inputs.</exception>
    public static void Apply(NetParameter net, UpgradeLog log)
    {
        if (net.Input.Count == 0)
            return;
        SourcePlace? place = SourcePlaces.OfField(net, "input");
        if (net.InputShape.Count == 0 && net.InputDim.Count == 0)
        {
            string inputs = string.Join(", ", net.Input);
            log.Done($"'input' without 'input_shape' makes no blob and was dropped: {inputs}.", place);
        }
        else
        {
            net.Layer.Insert(0, InputLayer(net, log, place));
            log.Done($"'input' became an Input layer for {string.Join(", ", net.Input)}.", place);
        }

        net.Input.Clear();
        net.InputShape.Clear();
        net.InputDim.Clear();
    }

    private static LayerParameter InputLayer(NetParameter net, UpgradeLog log, SourcePlace? place)
    {
        bool byShape = net.InputShape.Count > 0;
        int count = net.Input.Count;
        (string field, int given, int needed) = byShape
            ? ("input_shape", net.InputShape.Count, count)
            : ("input_dim", net.InputDim.Count, count * DimsPerInput);
        if (given < needed)
        {
            throw new CaffeException(
                ErrorCodes.BadNet,
                FailureKind.Configuration,
                $"The net has {count} 'input' and {given} '{field}'; {needed} are needed"
                + (byShape ? ", one for each." : ", four for each (num, channels, height, width)."),
                SourcePlaces.OfField(net, field) ?? place);
        }

        if (given > needed)
            log.Done($"{given - needed} of {given} '{field}' belong to no 'input'.", SourcePlaces.OfField(net, field));
        if (byShape && net.InputDim.Count > 0)
            log.Done("'input_dim' does not count beside 'input_shape'.", SourcePlaces.OfField(net, "input_dim"));

        var layer = new LayerParameter { Name = "input", Type = "Input", InputParam = new InputParameter() };
        layer.Top.Add(net.Input);
        for (int i = 0; i < count; i++)
        {
            layer.InputParam.Shape.Add(byShape ? net.InputShape[i] : ShapeOfDims(net, i));
            if (SourcePlaces.OfField(net, "input", i) is { } known)
                SourcePlaces.SetField(layer, "top", known, i);
        }

        if (place is { } start)
            SourcePlaces.Set(layer, start);
        return layer;
    }

    private static BlobShape ShapeOfDims(NetParameter net, int input)
    {
        var shape = new BlobShape();
        for (int i = 0; i < DimsPerInput; i++)
            shape.Dim.Add(net.InputDim[(input * DimsPerInput) + i]);
        return shape;
    }
}
