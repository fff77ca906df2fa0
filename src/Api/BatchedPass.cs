using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api;

/// <summary>Runs any number of items through a net whose batch is fixed.</summary>
internal static class BatchedPass
{
    /// <summary>Runs all items.</summary>
    public static (IReadOnlyDictionary<string, NdArray> Outputs, IReadOnlyDictionary<string, NdArray>? InputDiffs) Run(
        CaffeNet net, ReadOnlySpan<(string Name, NdArray Values)> inputs,
        ReadOnlySpan<(string Name, NdArray Values)> diffs, bool backward = false)
    {
        net.RequireAllInputs(inputs);
        if (inputs.Length == 0)
            throw Fail(ErrorCodes.BadNet, $"net '{net.Name}' has no inputs: its own layers read its data");
        int batch = net.InputBlob(inputs[0].Name).Dim(0), items = ItemsOf(inputs[0]);
        foreach ((string name, NdArray values) in inputs)
            RequireRows(values, items, net.InputBlob(name), batch, $"input '{name}'");
        foreach ((string name, NdArray values) in diffs)
        {
            if (!net.Outputs.Contains(name))
                throw Fail(ErrorCodes.BadConnection, $"net '{net.Name}' has no output '{name}'");
            RequireRows(values, items, net.Blobs[name], batch, $"the diff of '{name}'");
        }

        Dictionary<string, NdArray> outputs = [], gradients = [];
        for (int first = 0; first < items; first += batch)
        {
            int count = Math.Min(batch, items - first);
            foreach ((string name, NdArray values) in inputs)
                Fill(net.InputBlob(name).MutableData, values, first, count);
            foreach ((string name, Blob blob) in net.Forward())
                Take(outputs, name, blob, blob.Data, items, first, count, batch);
            if (!backward)
                continue;
            foreach ((string name, NdArray values) in diffs)
                Fill(net.Blobs[name].MutableDiff, values, first, count);
            foreach ((string name, Blob blob) in net.Backward())
                Take(gradients, name, blob, blob.Diff, items, first, count, batch);
        }

        return (outputs, backward ? gradients : null);
    }

    private static int ItemsOf((string Name, NdArray Values) input) => input.Values.AxisCount > 0
        ? input.Values.Shape[0]
        : throw Fail(ErrorCodes.ShapeMismatch, $"input '{input.Name}' is a single value; its first axis counts items");

    private static void RequireRows(NdArray values, int items, Blob blob, int batch, string what)
    {
        if (values.AxisCount == 0 || values.Shape[0] != items || blob.AxisCount == 0 || blob.Dim(0) != batch
            || values.Count / Math.Max(1, items) != blob.Count / Math.Max(1, batch))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"{what} has the shape {Blob.FormatShape(values.Shape)}; {items} items of {blob.ShapeString} are "
                + "wanted");
        }
    }

    private static void Fill(Span<float> target, NdArray values, int first, int count)
    {
        int length = values.Count / values.Shape[0];
        values.Values.AsSpan(first * length, count * length).CopyTo(target);
        target[(count * length)..].Clear();
    }

    private static void Take(
        Dictionary<string, NdArray> all, string name, Blob blob, ReadOnlySpan<float> values, int items, int first,
        int count, int batch)
    {
        if (blob.AxisCount == 0 || blob.Dim(0) != batch)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"blob '{name}' has the shape {blob.ShapeString}, not one row for each of {batch} items");
        }

        int length = blob.Count / batch;
        if (!all.TryGetValue(name, out NdArray? result))
            all.Add(name, result = NdArray.Zeros([items, .. blob.Shape[1..]]));
        values[..(count * length)].CopyTo(result.Values.AsSpan(first * length));
    }

    private static CaffeException Fail(string code, string message) => new(code, FailureKind.Configuration, message);
}
