using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Data.Onnx;

/// <summary>The shapes of a net's blobs as an export needs them: for another batch, or with the batch left
/// open.</summary>
internal static class BatchShapes
{
    /// <summary>Sets the batch that is asked for and reads all shapes; a length that depends on an open batch is
    /// -1.</summary>
    /// <param name="net">The net; with an open batch the values of its inputs are lost.</param>
    /// <param name="options">Says which batch.</param>
    public static IReadOnlyDictionary<Blob, int[]> Of(Net net, OnnxOptions options)
    {
        if (options.Batch is { } batch)
            SetBatch(net, _ => batch, $"with a batch of {batch}");
        Dictionary<Blob, int[]> shapes = Read(net);
        if (!options.DynamicBatch)
            return shapes;
        // What another batch changes, and nothing else, depends on it.
        foreach (string input in net.InputNames)
            net.Blob(input).MutableData.Fill(1);
        SetBatch(net, length => length + 1, "with an open batch");
        foreach ((Blob blob, int[] other) in Read(net))
        {
            int[] shape = shapes[blob];
            if (shape.Length != other.Length)
                throw Fail("the number of axes of a blob depends on the batch; give --batch a number");
            for (int a = 0; a < shape.Length; a++)
                shape[a] = shape[a] == other[a] ? shape[a] : -1;
        }

        SetBatch(net, length => length - 1, "with an open batch");
        return shapes;
    }

    private static Dictionary<Blob, int[]> Read(Net net)
    {
        Dictionary<Blob, int[]> shapes = [];
        foreach (Blob blob in net.Layers.SelectMany(layer => layer.Bottom.Concat(layer.Top)))
            shapes[blob] = blob.Shape.ToArray();
        return shapes;
    }

    private static void SetBatch(Net net, Func<int, int> change, string how)
    {
        if (net.InputNames.Count == 0)
            throw Fail($"the net '{net.Name}' has no inputs, so it cannot be exported {how}; leave out --batch");
        try
        {
            foreach (string name in net.InputNames)
            {
                int[] shape = net.Blob(name).Shape.ToArray();
                if (shape.Length == 0)
                    throw Fail($"the input '{name}' is a single number, without an axis for the batch");
                shape[0] = change(shape[0]);
                net.Blob(name).Reshape(shape);
            }

            net.Reshape();
        }
        catch (CaffeException failure)
        {
            throw new CaffeException(failure.Code, FailureKind.Configuration,
                $"the net '{net.Name}' cannot be exported {how}: {failure.Message}; leave out --batch to keep the "
                + "batch that the net says", failure.Place, failure);
        }
    }

    private static CaffeException Fail(string message) =>
        new(ErrorCodes.NotExportable, FailureKind.Configuration, message);
}
