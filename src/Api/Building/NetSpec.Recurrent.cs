using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <content>The recurrent layers, and layers of one's own. Parameters and formulas are in docs/layers.</content>
public sealed partial class NetSpec
{
    /// <summary>Long short-term memory. See docs/layers/LSTM.md.</summary>
    public SpecLayer LSTM(
        IReadOnlyList<SpecTop> bottoms, Action<RecurrentParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("LSTM", bottoms, set, static message => message.RecurrentParam ??= new RecurrentParameter(), layer, tops);

    /// <summary>A simple recurrent layer. See docs/layers/RNN.md.</summary>
    public SpecLayer RNN(
        IReadOnlyList<SpecTop> bottoms, Action<RecurrentParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("RNN", bottoms, set, static message => message.RecurrentParam ??= new RecurrentParameter(), layer, tops);

    /// <summary>A layer of one's own. See docs/layers/Python.md.</summary>
    public SpecLayer Python(
        IReadOnlyList<SpecTop> bottoms, Action<PythonParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("Python", bottoms, set, static message => message.PythonParam ??= new PythonParameter(), layer, tops);
}
