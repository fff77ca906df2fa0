using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Nets;

/// <summary>Puts inputs in the place of layers that read data, for tools that only want a net's shape.</summary>
public static class DataPlaceholders
{
    private static readonly HashSet<string> DataTypes = ["Data", "ImageData", "WindowData", "HDF5Data", "MemoryData"];

    /// <summary>Replaces the data layers of a net's state.</summary>
    /// <param name="net">The net, its state set.</param>
    /// <param name="shapes">Shapes of tops by name; needed where the net does not tell.</param>
    /// <param name="notice">Hears what was assumed.</param>
    /// <exception cref="CaffeException">A shape is not known.</exception>
    public static void Replace(NetParameter net, IReadOnlyDictionary<string, int[]> shapes, Action<string> notice)
    {
        NetParameter filtered = NetStates.Filter(net, static _ => { });
        net.Layer.Clear();
        foreach (LayerParameter layer in filtered.Layer)
            net.Layer.Add(DataTypes.Contains(layer.Type) ? Input(layer, shapes, notice) : layer);
    }

    private static LayerParameter Input(
        LayerParameter layer, IReadOnlyDictionary<string, int[]> shapes, Action<string> notice)
    {
        var input = new LayerParameter { Name = layer.Name, Type = "Input", InputParam = new InputParameter() };
        for (int t = 0; t < layer.Top.Count; t++)
        {
            input.Top.Add(layer.Top[t]);
            var shape = new BlobShape();
            shape.Dim.AddRange((shapes.GetValueOrDefault(layer.Top[t]) ?? Known(layer, t, notice))
                .Select(dim => (long)dim));
            input.InputParam.Shape.Add(shape);
        }

        return input.WithPlaceOf(layer);
    }

    private static int[] Known(LayerParameter layer, int top, Action<string> notice)
    {
        int batch = (int)(layer.DataParam?.BatchSize ?? layer.ImageDataParam?.BatchSize
            ?? layer.WindowDataParam?.BatchSize
            ?? layer.Hdf5DataParam?.BatchSize ?? layer.MemoryDataParam?.BatchSize ?? 0);
        if (layer.Type == "HDF5Data" || batch == 0)
            throw Unknown(layer, top);
        if (top > 0)
            return [batch];
        if (layer.MemoryDataParam is { } memory)
            return [batch, (int)memory.Channels, (int)memory.Height, (int)memory.Width];
        int crop = (int)(layer.TransformParam?.CropSize ?? 0);
        if (layer.ImageDataParam is { } images && (crop > 0 || images.NewHeight > 0))
        {
            int channels = images.IsColor ? 3 : 1;
            return crop > 0 ? [batch, channels, crop, crop]
                : [batch, channels, (int)images.NewHeight, (int)images.NewWidth];
        }

        if (crop == 0)
            throw Unknown(layer, top);
        notice($"layer '{layer.Name}': 3 channels assumed; --input-shape {layer.Top[top]}=N,C,H,W says otherwise");
        return [batch, 3, crop, crop];
    }

    private static CaffeException Unknown(LayerParameter layer, int top) =>
        new(ErrorCodes.BadNet, FailureKind.Configuration,
            $"layer '{layer.Name}' ({layer.Type}): the net does not tell the shape of '{layer.Top[top]}'; "
            + $"give it with --input-shape {layer.Top[top]}=N,C,H,W", SourcePlaces.Of(layer));
}
