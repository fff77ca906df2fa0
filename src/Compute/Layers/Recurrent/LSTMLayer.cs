using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// Long short-term memory. Of a step's units, four for each output, i, f and o are sigmoids and g is tanh;
/// c_t = δ_t f c_(t-1) + i g, h_t = o tanh c_t; the top is h of all steps. No peepholes.
/// Bottoms, tops, blobs and parameters: <see cref="RecurrentLayer"/>, with 4 D units in the order i, f, o, g and the
/// states h, c.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("LSTM")]
public sealed unsafe class LSTMLayer(LayerParameter parameter) : RecurrentLayer(parameter)
{
    private static readonly string[] _states = ["h", "c"];

    private readonly Blob _cells = new();

    /// <inheritdoc/>
    protected override IReadOnlyList<string> StateNames => _states;

    /// <inheritdoc/>
    protected override int UnitsPerOutput => 4;

    private int StepSize => Items * Width;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        _cells.Reshape(Steps, Items, Width);
    }

    /// <inheritdoc/>
    protected override void ForwardStep(int step, float* marks)
    {
        nint at = (nint)step * StepSize;
        float* cells = _cells.MutableCpuData, gates = Units.MutableCpuData + (4 * at);
        LstmCell.Forward(
            Context.Device, Items, Width, marks, gates, CellBefore(step), gates, cells + at,
            Hidden.MutableCpuData + at);
    }

    /// <inheritdoc/>
    protected override void ForwardTop(Blob top) => top.CopyDataFrom(Hidden);

    /// <inheritdoc/>
    protected override void BackwardTop(Blob top)
    {
        Hidden.CopyDiffFrom(top);
        _cells.MutableDiff[^StepSize..].Clear();
    }

    /// <inheritdoc/>
    protected override void BackwardStep(int step)
    {
        nint at = (nint)step * StepSize;
        float* diffs = _cells.MutableCpuDiff;
        LstmCell.Backward(
            Context.Device, Items, Width, CellBefore(step), Units.CpuData + (4 * at), _cells.CpuData + at, diffs + at,
            Hidden.CpuDiff + at, Units.MutableCpuDiff + (4 * at),
            step > 0 ? diffs + at - StepSize : First[1].MutableCpuDiff);
    }

    /// <inheritdoc/>
    protected override void ForwardStep(GpuDevice gpu, int step, Values marks)
    {
        int at = step * StepSize;
        Values gates = Units.MutableGpuData(gpu), cells = _cells.OverwriteGpuData(gpu);
        gpu.Run(StepSize, new LstmForwardBody(
            Width, marks, step * Items, gates, gates, step > 0 ? cells : First[1].GpuData(gpu),
            Math.Max(0, at - StepSize), cells, Hidden.MutableGpuData(gpu), at));
    }

    /// <inheritdoc/>
    protected override void ForwardTop(GpuDevice gpu, Blob top) => top.CopyGpuDataFrom(gpu, Hidden);

    /// <inheritdoc/>
    protected override void BackwardTop(GpuDevice gpu, Blob top) =>
        gpu.Run(top.Count, new CopyBody(top.GpuDiff(gpu), Hidden.OverwriteGpuDiff(gpu)));

    /// <inheritdoc/>
    protected override void BackwardStep(GpuDevice gpu, int step)
    {
        int at = step * StepSize;
        Values cells = _cells.GpuData(gpu), diffs = _cells.OverwriteGpuDiff(gpu);
        gpu.Run(StepSize, new LstmBackwardBody(
            Width, Units.GpuData(gpu), step > 0 ? cells : First[1].GpuData(gpu), Math.Max(0, at - StepSize), cells,
            step < Steps - 1 ? diffs : Values.None, Hidden.GpuDiff(gpu), Units.MutableGpuDiff(gpu),
            step > 0 ? diffs : First[1].OverwriteGpuDiff(gpu), at));
    }

    /// <inheritdoc/>
    protected override Blob State(int state) => state == 0 ? Hidden : _cells;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _cells.Dispose();
        base.Dispose(disposing);
    }

    private float* CellBefore(int step) =>
        step > 0 ? _cells.CpuData + ((nint)(step - 1) * StepSize) : First[1].CpuData;
}
