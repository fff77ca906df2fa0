using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// Plain recurrent layer: h_t = tanh of what the step's D units see; the top is o_t = tanh(W_o h_t + b_o) of all
/// steps.
/// Bottoms, tops, blobs and parameters: <see cref="RecurrentLayer"/>, with D units and the state h; the blobs
/// W_o (D, D) and b_o (D) follow.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("RNN")]
public sealed unsafe class RNNLayer(LayerParameter parameter) : RecurrentLayer(parameter)
{
    private static readonly string[] _states = ["h"];

    // A copy of the top, which others may overwrite in place before the backward pass; its diff is W_o h + b_o's.
    private readonly Blob _output = new();

    /// <inheritdoc/>
    protected override IReadOnlyList<string> StateNames => _states;

    /// <inheritdoc/>
    protected override int UnitsPerOutput => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) =>
        base.ForwardFlops(bottom, top) + (2L * Steps * Items * Width * Width);

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        _output.Reshape(Steps, Items, Width);
    }

    /// <inheritdoc/>
    protected override void MakeOwnBlobs(RecurrentParameter recurrent)
    {
        LearnableBlob(OwnBlobs, [Width, Width], recurrent.WeightFiller);
        LearnableBlob(OwnBlobs + 1, [Width], recurrent.BiasFiller);
    }

    /// <inheritdoc/>
    protected override void ForwardStep(int step, float* marks)
    {
        nint at = (nint)step * Items * Width;
        VectorMap.Run(
            Context.Device, Items * Width, Units.CpuData + at, Hidden.MutableCpuData + at, default(Value));
    }

    /// <inheritdoc/>
    protected override void ForwardTop(Blob top)
    {
        float* y = _output.MutableCpuData;
        var bias = new ReadOnlySpan<float>(Blobs[OwnBlobs + 1].CpuData, Width);
        for (Span<float> rest = _output.MutableData; !rest.IsEmpty; rest = rest[Width..])
            bias.CopyTo(rest);
        Gemm.Run(
            Context.Device, false, true, Steps * Items, Width, Width, 1, Hidden.CpuData, Width,
            Blobs[OwnBlobs].CpuData, Width, 1, y, Width);
        VectorMap.Run(Context.Device, _output.Count, y, y, default(Value));
        top.CopyDataFrom(_output);
    }

    /// <inheritdoc/>
    protected override void BackwardTop(Blob top)
    {
        CpuDevice device = Context.Device;
        int rows = Steps * Items;
        float* diff = _output.MutableCpuDiff;
        VectorMap.Run(device, _output.Count, _output.CpuData, top.CpuDiff, diff, default(Gradient));
        Gemm.Run(
            device, true, false, Width, Width, rows, 1, diff, Width, Hidden.CpuData, Width, 1,
            Blobs[OwnBlobs].MutableCpuDiff, Width);
        ColumnSums.Add(device, diff, rows, Width, Blobs[OwnBlobs + 1].MutableCpuDiff);
        Gemm.Run(
            device, false, false, rows, Width, Width, 1, diff, Width, Blobs[OwnBlobs].CpuData, Width, 0,
            Hidden.MutableCpuDiff, Width);
    }

    /// <inheritdoc/>
    protected override void BackwardStep(int step)
    {
        nint at = (nint)step * Items * Width;
        VectorMap.Run(
            Context.Device, Items * Width, Hidden.CpuData + at, Hidden.CpuDiff + at, Units.MutableCpuDiff + at,
            default(Gradient));
    }

    /// <inheritdoc/>
    protected override void ForwardStep(GpuDevice gpu, int step, Values marks) =>
        gpu.Run(Items * Width, new TanhStepBody(
            Units.GpuData(gpu), Hidden.MutableGpuData(gpu), step * Items * Width));

    /// <inheritdoc/>
    protected override void ForwardTop(GpuDevice gpu, Blob top) => GpuGemm.Run(
        gpu, 1, Steps * Items, Width, Width, new RowMatrix(Hidden.GpuData(gpu), 0, Width),
        new ColumnMatrix(Blobs[OwnBlobs].GpuData(gpu), 0, Width),
        new TanhTarget(
            _output.OverwriteGpuData(gpu), top.OverwriteGpuData(gpu), Width, Blobs[OwnBlobs + 1].GpuData(gpu)));

    /// <inheritdoc/>
    protected override void BackwardTop(GpuDevice gpu, Blob top)
    {
        int rows = Steps * Items;
        Values diff = _output.OverwriteGpuDiff(gpu);
        gpu.Run(_output.Count, new TanhStepGradient(_output.GpuData(gpu), top.GpuDiff(gpu), diff, 0));
        GpuGemm.Run(gpu, 1, Width, Width, rows, new ColumnMatrix(diff, 0, Width),
            new RowMatrix(Hidden.GpuData(gpu), 0, Width),
            new RowTarget(Blobs[OwnBlobs].MutableGpuDiff(gpu), 0, Width, 0, 1));
        RowSums.Run(
            gpu, Width, rows, new ColumnTerm(diff, Width), Blobs[OwnBlobs + 1].MutableGpuDiff(gpu), add: true);
        GpuGemm.Run(gpu, 1, rows, Width, Width, new RowMatrix(diff, 0, Width),
            new RowMatrix(Blobs[OwnBlobs].GpuData(gpu), 0, Width),
            new RowTarget(Hidden.OverwriteGpuDiff(gpu), 0, Width, 0, 0));
    }

    /// <inheritdoc/>
    protected override void BackwardStep(GpuDevice gpu, int step) =>
        gpu.Run(Items * Width, new TanhStepGradient(
            Hidden.GpuData(gpu), Hidden.GpuDiff(gpu), Units.MutableGpuDiff(gpu), step * Items * Width));

    /// <inheritdoc/>
    protected override Blob State(int state) => Hidden;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _output.Dispose();
        base.Dispose(disposing);
    }

    private readonly struct Value : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => VectorMath.Tanh(x);
    }

    private readonly struct Gradient : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> y, Vector512<float> dy) =>
            dy * (Vector512<float>.One - (y * y));
    }
}
