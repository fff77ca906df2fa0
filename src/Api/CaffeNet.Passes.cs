using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Api;

/// <content>Passes over the net.</content>
public sealed partial class CaffeNet
{
    private readonly IReadOnlyDictionary<string, Blob> _outputs;

    /// <summary>Called before a layer runs forward. Add with <c>+=</c>.</summary>
    public Action<NetLayer>? BeforeForward { get; set; }

    /// <summary>Called after a layer ran forward.</summary>
    public Action<NetLayer>? AfterForward { get; set; }

    /// <summary>Called before a layer runs backward.</summary>
    public Action<NetLayer>? BeforeBackward { get; set; }

    /// <summary>Called after a layer ran backward.</summary>
    public Action<NetLayer>? AfterBackward { get; set; }

    /// <summary>The weighted loss of the last forward pass; 0 before the first.</summary>
    public float Loss { get; private set; }

    /// <summary>Runs all layers forward over what the inputs hold.</summary>
    /// <returns>The outputs by name: the net's own blobs, overwritten by the next pass.</returns>
    /// <exception cref="CaffeException">Data cannot be read or do not fit.</exception>
    public IReadOnlyDictionary<string, Blob> Forward()
    {
        RunForward(0, Layers.Count - 1);
        return _outputs;
    }

    /// <summary>Copies values into the inputs and runs all layers forward.</summary>
    /// <param name="inputs">Values for each input of the net, as many as it holds: <c>("data", images)</c>. The batch
    /// is not reshaped: <see cref="Reshape(string, ReadOnlySpan{int})"/> does that, and <see cref="ForwardAll"/> takes
    /// any number of items.</param>
    /// <returns>The outputs by name: the net's own blobs, overwritten by the next pass.</returns>
    /// <exception cref="CaffeException">Names or sizes do not fit.</exception>
    public IReadOnlyDictionary<string, Blob> Forward(params ReadOnlySpan<(string Input, NdArray Values)> inputs)
    {
        RequireAllInputs(inputs);
        foreach ((string input, NdArray values) in inputs)
            values.CopyTo(InputBlob(input));
        return Forward();
    }

    /// <summary>Runs some layers forward.</summary>
    /// <param name="start">The first layer; null for the net's first.</param>
    /// <param name="end">The last layer; null for the net's last.</param>
    /// <returns>The tops of the last layer, or the outputs where it is not given.</returns>
    /// <exception cref="CaffeException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The net was opened for a use
    /// (<see cref="CaffeNetOptions.Use"/>), and would not begin with its first layer.</exception>
    public IReadOnlyDictionary<string, Blob> ForwardRange(string? start = null, string? end = null)
    {
        RunForward(start is null ? 0 : Find(start).Rank, end is null ? Layers.Count - 1 : Find(end).Rank);
        return end is null ? _outputs : Select(Find(end).TopNames);
    }

    /// <summary>Runs backward all layers that need it, from the loss or from the diffs the outputs hold. Where the net
    /// has no loss, or gradients of its inputs are wanted, it must have been opened with
    /// <see cref="CaffeNetOptions.ForceBackward"/>.</summary>
    /// <returns>The inputs; their diffs are their gradients.</returns>
    /// <exception cref="InvalidOperationException">The net was opened for a use that runs forward only.</exception>
    public IReadOnlyDictionary<string, Blob> Backward()
    {
        RunBackward(Layers.Count - 1, 0);
        return Select(Inputs);
    }

    /// <summary>Copies gradients into the diffs of outputs and runs backward.</summary>
    /// <param name="diffs">Gradients for outputs, of their sizes. A loss needs none: it has its weight there.</param>
    /// <returns>The inputs; see <see cref="Backward()"/>.</returns>
    /// <exception cref="CaffeException">Names or sizes do not fit.</exception>
    public IReadOnlyDictionary<string, Blob> Backward(params ReadOnlySpan<(string Output, NdArray Diff)> diffs)
    {
        foreach ((string output, NdArray diff) in diffs)
        {
            if (!Outputs.Contains(output))
                throw Unknown("output", output, Outputs);
            diff.CopyToDiff(Net.Blob(output));
        }

        return Backward();
    }

    /// <summary>Runs some layers backward.</summary>
    /// <param name="start">The layer to begin with; null for the net's last.</param>
    /// <param name="end">The layer to end with, before it in the net; null for the net's first.</param>
    /// <returns>The bottoms of the layer it ended with, or the inputs where it is not given.</returns>
    /// <exception cref="CaffeException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The net was opened for a use
    /// (<see cref="CaffeNetOptions.Use"/>) that runs forward only, or would not begin with its last layer.</exception>
    public IReadOnlyDictionary<string, Blob> BackwardRange(string? start = null, string? end = null)
    {
        RunBackward(start is null ? Layers.Count - 1 : Find(start).Rank, end is null ? 0 : Find(end).Rank);
        return Select(end is null ? Inputs : Find(end).BottomNames);
    }

    /// <summary>Runs any number of items through the net, a batch at a time; the last batch is filled up with
    /// zeros.</summary>
    /// <param name="inputs">Values for each input of the net; the first axis counts the items.</param>
    /// <returns>The outputs of all items, copied, in their order.</returns>
    /// <exception cref="CaffeException">Names or sizes do not fit, or an output has not one row for each
    /// item.</exception>
    public IReadOnlyDictionary<string, NdArray> ForwardAll(
        params ReadOnlySpan<(string Input, NdArray Values)> inputs) =>
        BatchedPass.Run(this, inputs, []).Outputs;

    /// <summary>The same, and backward after each batch.</summary>
    /// <param name="inputs">Values for each input of the net; the first axis counts the items.</param>
    /// <param name="diffs">Gradients for outputs, one row for each item; empty where losses have them.</param>
    /// <returns>The outputs of all items, and the gradients of the inputs, copied. Gradients of parameters add
    /// up.</returns>
    /// <exception cref="CaffeException">Names or sizes do not fit.</exception>
    public (IReadOnlyDictionary<string, NdArray> Outputs, IReadOnlyDictionary<string, NdArray> InputDiffs)
        ForwardBackwardAll(
            ReadOnlySpan<(string Input, NdArray Values)> inputs, ReadOnlySpan<(string Output, NdArray Diff)> diffs)
    {
        (IReadOnlyDictionary<string, NdArray> outputs, IReadOnlyDictionary<string, NdArray>? gradients) =
            BatchedPass.Run(this, inputs, diffs, backward: true);
        return (outputs, gradients!);
    }

    internal void RequireAllInputs(ReadOnlySpan<(string Input, NdArray Values)> inputs)
    {
        HashSet<string> given = [];
        foreach ((string input, _) in inputs)
        {
            InputBlob(input);
            given.Add(input);
        }

        if (Inputs.FirstOrDefault(input => !given.Contains(input)) is { } missing)
            throw Fail(ErrorCodes.BadConnection, $"no values are given for the net's input '{missing}'");
    }

    internal Blob InputBlob(string input) =>
        Inputs.Contains(input) ? Net.Blob(input) : throw Unknown("input", input, Inputs);

    private void RunForward(int from, int to)
    {
        RequireWhole(from > 0);
        // Nets that share an accelerator take turns.
        lock (Gpu ?? (object)this)
        {
            Net.IsStepwise = from > 0 || to < Layers.Count - 1 || BeforeForward is not null || AfterForward is not null;
            ForwardLayers(from, to);
        }
    }

    private void ForwardLayers(int from, int to)
    {
        float loss = 0;
        for (int rank = from; rank <= to; rank++)
        {
            BeforeForward?.Invoke(Layers[rank]);
            loss += Net.ForwardLayer(rank);
            AfterForward?.Invoke(Layers[rank]);
        }

        Loss = loss;
    }

    private void RunBackward(int from, int to)
    {
        Net.RequireBackward();
        RequireWhole(from < Layers.Count - 1);
        lock (Gpu ?? (object)this)
        {
            Net.IsStepwise =
                from < Layers.Count - 1 || to > 0 || BeforeBackward is not null || AfterBackward is not null;
            BackwardLayers(from, to);
        }
    }

    private void BackwardLayers(int from, int to)
    {
        for (int rank = from; rank >= to; rank--)
        {
            if (!Layers[rank].NeedBackward)
                continue;
            BeforeBackward?.Invoke(Layers[rank]);
            Net.BackwardLayer(rank);
            AfterBackward?.Invoke(Layers[rank]);
        }

        Net.TellTotals();
    }

    // What the first layer would read has made way for other blobs.
    private void RequireWhole(bool isPart)
    {
        if (isPart && Net.SharesMemory)
        {
            throw new InvalidOperationException(
                $"Net '{Name}' was opened for a use ({nameof(CaffeNetOptions.Use)}), so its blobs share memory, and a "
                + "pass cannot begin between its layers.");
        }
    }

    private NetLayer Find(string layer) =>
        Net.FindLayer(layer) ?? throw Unknown("layer", layer, Layers.Select(entry => entry.Name));

    private CaffeException Unknown(string what, string name, IEnumerable<string> known)
    {
        string[] names = [.. known];
        string hint = Nearest.Of(name, names) is { } near ? $"; did you mean '{near}'?"
            : names.Length == 0 ? $"; it has no {what}s"
            : $" (it has {string.Join(", ", names)})";
        return Fail(ErrorCodes.BadConnection, $"net '{Name}' has no {what} '{name}'{hint}");
    }
}
