using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// A layer that goes through sequences step by step: T steps of N sequences side by side. At each step its units see
/// W_x x_t + b (+ W_s s) + W_h (δ_t h_(t-1)), h the hidden state of D numbers, and δ_t a mark of each sequence: 0 where
/// a new one begins, else 1.
/// <para>
/// Bottoms: x (T, N, I axes...); δ (T, N); a static input s (N, S axes...) if there is one bottom more than needed;
/// with <c>expose_hidden</c> the first states, (1, N, D) each. Tops: (T, N, D); with <c>expose_hidden</c> the last
/// states. Without it the next pass begins with the last states of this one (<see cref="CarriedState"/>); no gradient
/// goes from batch to batch. T, I and S are fixed when the layer is set up; N may change.
/// </para>
/// <para>
/// Blobs: W_x (units, I), b (units), W_s (units, S) with a static input, W_h (units, D), then what the kind adds.
/// <c>recurrent_param</c>: <c>num_output</c> D, at least 1; <c>weight_filler</c>, <c>bias_filler</c>;
/// <c>expose_hidden</c> false; <c>debug_info</c> false.
/// As in Caffe, all gradients but those of δ and of the first states are computed, whatever is wanted.
/// </para>
/// </summary>
/// <param name="parameter">The layer's message.</param>
public abstract unsafe class RecurrentLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly RecurrentParameter _recurrent = parameter.RecurrentParam ?? new RecurrentParameter();
    private readonly Blob _fromStatic = new();
    private readonly Blob _kept = new();
    private readonly Dictionary<string, Blob> _carried = [];
    private readonly Dictionary<string, Blob> _carriedBefore = [];
    private Blob[] _last = [];
    private int _inputs;
    private int _statics;
    private bool _hasStatic;

    /// <inheritdoc/>
    public override int MinBottoms => 2 + ExposedStates;

    /// <inheritdoc/>
    public override int MaxBottoms => 3 + ExposedStates;

    /// <inheritdoc/>
    public override int ExactTops => 1 + ExposedStates;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Blob> CarriedState => _carried;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Blob> StateBeforePass => _carriedBefore;

    /// <summary>T.</summary>
    protected int Steps { get; private set; }

    /// <summary>N.</summary>
    protected int Items { get; private set; }

    /// <summary>D.</summary>
    protected int Width { get; private set; }

    /// <summary>Names of the states that go from step to step: h first.</summary>
    protected abstract IReadOnlyList<string> StateNames { get; }

    /// <summary>Units for each number of the hidden state.</summary>
    protected abstract int UnitsPerOutput { get; }

    /// <summary>What the units see or give, and its gradient: (T, N, units).</summary>
    protected Blob Units { get; } = new();

    /// <summary>h of all steps, and its gradient: (T, N, D).</summary>
    protected Blob Hidden { get; } = new();

    /// <summary>The states before step 0: (1, N, D) each.</summary>
    protected IReadOnlyList<Blob> First { get; private set; } = [];

    /// <summary>Number of the first blob that the kind adds.</summary>
    protected int OwnBlobs => _hasStatic ? 4 : 3;

    private int ExposedStates => _recurrent.ExposeHidden ? StateNames.Count : 0;

    private Blob HiddenWeights => Blobs[OwnBlobs - 1];

    /// <summary>δ allows no gradient.</summary>
    public override bool AllowForceBackward(int bottom) => bottom != 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top)
    {
        long units = (long)Items * Width * UnitsPerOutput;
        return 2 * units * (((long)Steps * (_inputs + Width)) + (_hasStatic ? _statics : 0));
    }

    /// <summary>Forgets the carried state: the next pass begins with zeros.</summary>
    public void Reset()
    {
        foreach (Blob state in _last)
            state.MutableData.Clear();
    }

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        string? misfit = RecurrentShapes.Misfit(
            bottom, Steps, _inputs, _hasStatic ? _statics : -1, ExposedStates, Width);
        if (misfit is not null)
            throw Fail(ErrorCodes.ShapeMismatch, misfit);
        int units = Width * UnitsPerOutput;
        Items = bottom[0].Dim(1);
        Units.Reshape(Steps, Items, units);
        Hidden.Reshape(Steps, Items, Width);
        _kept.Reshape(Steps, Items, Width);
        if (_hasStatic)
            _fromStatic.Reshape(Items, units);
        top[0].Reshape(Steps, Items, Width);
        for (int i = 0; i < _last.Length; i++)
        {
            First[i].Reshape(1, Items, Width);
            _last[i].Reshape(1, Items, Width);
            if (ExposedStates > 0)
                top[1 + i].Reshape(1, Items, Width);
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        for (int i = 0; i < _last.Length; i++)
            First[i].CopyGpuDataFrom(gpu, StartOf(i, bottom));
        int units = Width * UnitsPerOutput;
        SeeInputs(gpu, bottom, units);
        Values first = First[0].GpuData(gpu), hidden = Hidden.OverwriteGpuData(gpu), seen = Units.MutableGpuData(gpu);
        Values marks = bottom[1].GpuData(gpu);
        var weights = new ColumnMatrix(HiddenWeights.GpuData(gpu), 0, Width);
        for (int t = 0; t < Steps; t++)
        {
            int row = t * Items;
            GpuGemm.Run(gpu, 1, Items, units, Width, new KeptStates(first, hidden, marks, Items, Width, row), weights,
                new RowTarget(seen, row * units, units, 0, 1));
            ForwardStep(gpu, t, marks);
        }

        for (int i = 0; i < _last.Length; i++)
        {
            gpu.Run(Items * Width, new CopyFromBody(
                State(i).GpuData(gpu), (Steps - 1) * Items * Width, EndOf(i, top).OverwriteGpuData(gpu)));
        }

        ForwardTop(gpu, top[0]);
        if (_recurrent.DebugInfo)
            Tell();
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (MarkedRows.Refusal(propagateDown, 1) is { } refusal)
            throw Fail(ErrorCodes.BadNet, refusal);
        int units = Width * UnitsPerOutput, rows = Steps * Items;
        BackwardTop(gpu, top[0]);
        Values du = Units.OverwriteGpuDiff(gpu), dh = Hidden.MutableGpuDiff(gpu), marks = bottom[1].GpuData(gpu);
        var weights = new RowMatrix(HiddenWeights.GpuData(gpu), 0, Width);
        for (int t = Steps - 1; t >= 0; t--)
        {
            BackwardStep(gpu, t);
            if (t == 0)
                break;
            int row = t * Items;
            GpuGemm.Run(gpu, 1, Items, Width, units, new RowMatrix(du, row * units, units), weights,
                new MarkedTarget(dh, (row - Items) * Width, Width, marks, row));
        }

        var seen = new ColumnMatrix(du, 0, units);
        GpuGemm.Run(gpu, 1, units, _inputs, rows, seen, new RowMatrix(bottom[0].GpuData(gpu), 0, _inputs),
            new RowTarget(Blobs[0].MutableGpuDiff(gpu), 0, _inputs, 0, 1));
        RowSums.Run(gpu, units, rows, new ColumnTerm(du, units), Blobs[1].MutableGpuDiff(gpu), add: true);
        GpuGemm.Run(gpu, 1, units, Width, rows, seen,
            new KeptStates(First[0].GpuData(gpu), Hidden.GpuData(gpu), marks, Items, Width, 0),
            new RowTarget(HiddenWeights.MutableGpuDiff(gpu), 0, Width, 0, 1));
        GpuGemm.Run(gpu, 1, rows, _inputs, units, new RowMatrix(du, 0, units),
            new RowMatrix(Blobs[0].GpuData(gpu), 0, _inputs),
            new RowTarget(bottom[0].OverwriteGpuDiff(gpu), 0, _inputs, 0, 0));
        if (_hasStatic)
            BackwardStatic(gpu, bottom[2], du, units);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_recurrent.NumOutput is 0 or > int.MaxValue / 4)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"num_output is {_recurrent.NumOutput}; it must be 1 to {int.MaxValue / 4}");
        }

        if (bottom.Intersect(top).Any())
            throw Fail(ErrorCodes.BadConnection, "it cannot work in place; give its tops names of their own");
        if (bottom[0].AxisCount < 2 || bottom[0].Count == 0)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"bottom 0 has the shape {bottom[0].ShapeString}; it needs steps, sequences and numbers for each");
        }

        Width = (int)_recurrent.NumOutput;
        _hasStatic = bottom.Length > MinBottoms;
        Steps = bottom[0].Dim(0);
        _inputs = bottom[0].CountFrom(2);
        _statics = _hasStatic && bottom[2].AxisCount > 0 ? bottom[2].CountFrom(1) : 0;
        _last = [.. StateNames.Select(_ => new Blob())];
        First = [.. StateNames.Select(_ => new Blob())];
        for (int i = 0; i < _last.Length && ExposedStates == 0; i++)
        {
            _carried[StateNames[i]] = _last[i];
            _carriedBefore[StateNames[i]] = First[i];
        }

        int units = Width * UnitsPerOutput;
        LearnableBlob(0, [units, _inputs], _recurrent.WeightFiller);
        LearnableBlob(1, [units], _recurrent.BiasFiller);
        if (_hasStatic)
            LearnableBlob(2, [units, _statics], _recurrent.WeightFiller);
        LearnableBlob(OwnBlobs - 1, [units, Width], _recurrent.WeightFiller);
        MakeOwnBlobs(_recurrent);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        for (int i = 0; i < _last.Length; i++)
            First[i].CopyDataFrom(StartOf(i, bottom));
        int units = Width * UnitsPerOutput;
        float* seen = Units.MutableCpuData, kept = _kept.MutableCpuData, marks = bottom[1].CpuData;
        SeeInputs(bottom, seen, units);
        float* before = First[0].CpuData;
        for (int t = 0; t < Steps; t++)
        {
            nint state = (nint)t * Items * Width;
            MarkedRows.Copy(Context.Device, Items, Width, marks + ((nint)t * Items), before, kept + state);
            Gemm.Run(
                Context.Device, false, true, Items, units, Width, 1, kept + state, Width, HiddenWeights.CpuData, Width,
                1, seen + (state * UnitsPerOutput), units);
            ForwardStep(t, marks + ((nint)t * Items));
            before = Hidden.MutableCpuData + state;
        }

        for (int i = 0; i < _last.Length; i++)
        {
            State(i).Data.Slice((Steps - 1) * Items * Width, Items * Width).CopyTo(EndOf(i, top).MutableData);
        }

        ForwardTop(top[0]);
        if (_recurrent.DebugInfo)
            Tell();
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (MarkedRows.Refusal(propagateDown, 1) is { } refusal)
            throw Fail(ErrorCodes.BadNet, refusal);
        CpuDevice device = Context.Device;
        int units = Width * UnitsPerOutput, rows = Steps * Items;
        float* du = Units.MutableCpuDiff, dh = Hidden.MutableCpuDiff, dk = _kept.MutableCpuDiff;
        float* marks = bottom[1].CpuData;
        BackwardTop(top[0]);
        for (int t = Steps - 1; t >= 0; t--)
        {
            BackwardStep(t);
            if (t == 0)
                break;
            nint state = (nint)t * Items * Width;
            Gemm.Run(
                device, false, false, Items, Width, units, 1, du + (state * UnitsPerOutput), units,
                HiddenWeights.CpuData, Width, 0, dk + state, Width);
            MarkedRows.Add(
                device, Items, Width, marks + ((nint)t * Items), dk + state, dh + state - ((nint)Items * Width));
        }

        Gemm.Run(
            device, true, false, units, _inputs, rows, 1, du, units, bottom[0].CpuData, _inputs, 1,
            Blobs[0].MutableCpuDiff, _inputs);
        ColumnSums.Add(device, du, rows, units, Blobs[1].MutableCpuDiff);
        Gemm.Run(
            device, true, false, units, Width, rows, 1, du, units, _kept.CpuData, Width, 1,
            HiddenWeights.MutableCpuDiff, Width);
        Gemm.Run(
            device, false, false, rows, _inputs, units, 1, du, units, Blobs[0].CpuData, _inputs, 0,
            bottom[0].MutableCpuDiff, _inputs);
        if (_hasStatic)
            BackwardStatic(bottom[2], du, units);
        for (int i = bottom.Length - ExposedStates; i < bottom.Length; i++)
        {
            if (propagateDown[i])
                bottom[i].MutableDiff.Clear();
        }
    }

    /// <summary>Makes the blobs that the kind adds, the first of them number <see cref="OwnBlobs"/>.</summary>
    protected virtual void MakeOwnBlobs(RecurrentParameter recurrent)
    {
    }

    /// <summary>Computes the states of a step from what its units see, in <see cref="Units"/>.</summary>
    /// <param name="step">Which step, from 0.</param>
    /// <param name="marks">The step's δ.</param>
    protected abstract void ForwardStep(int step, float* marks);

    /// <summary>Computes the top from the states of all steps.</summary>
    protected abstract void ForwardTop(Blob top);

    /// <summary>Sets the gradient of <see cref="Hidden"/> from the top's alone.</summary>
    protected abstract void BackwardTop(Blob top);

    /// <summary>Computes the gradient of what a step's units see from those of its states.</summary>
    protected abstract void BackwardStep(int step);

    /// <summary>As <see cref="ForwardStep(int, float*)"/>, on an accelerator.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="step">Which step, from 0.</param>
    /// <param name="marks">δ of all steps.</param>
    protected abstract void ForwardStep(GpuDevice gpu, int step, Values marks);

    /// <summary>As <see cref="ForwardTop(Blob)"/>, on an accelerator.</summary>
    protected abstract void ForwardTop(GpuDevice gpu, Blob top);

    /// <summary>As <see cref="BackwardTop(Blob)"/>, on an accelerator.</summary>
    protected abstract void BackwardTop(GpuDevice gpu, Blob top);

    /// <summary>As <see cref="BackwardStep(int)"/>, on an accelerator.</summary>
    protected abstract void BackwardStep(GpuDevice gpu, int step);

    /// <summary>A state of all steps: (T, N, D).</summary>
    /// <param name="state">Its number in <see cref="StateNames"/>.</param>
    protected abstract Blob State(int state);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Blob blob in (ReadOnlySpan<Blob>)[Units, Hidden, _fromStatic, _kept, .. _last, .. First])
                blob.Dispose();
        }

        base.Dispose(disposing);
    }

    // Where the pass takes a state from, and where it leaves it.
    private Blob StartOf(int state, Blob[] bottom) =>
        ExposedStates > 0 ? bottom[bottom.Length - _last.Length + state] : _last[state];

    private Blob EndOf(int state, Blob[] top) => ExposedStates > 0 ? top[1 + state] : _last[state];

    // W_x x_t + b (+ W_s s) of all steps at once.
    private void SeeInputs(Blob[] bottom, float* seen, int units)
    {
        var bias = new ReadOnlySpan<float>(Blobs[1].CpuData, units);
        int block = units;
        float* start = Blobs[1].CpuData;
        if (_hasStatic)
        {
            start = _fromStatic.MutableCpuData;
            block = Items * units;
            for (int n = 0; n < Items; n++)
                bias.CopyTo(new Span<float>(start + ((nint)n * units), units));
            Gemm.Run(
                Context.Device, false, true, Items, units, _statics, 1, bottom[2].CpuData, _statics, Blobs[2].CpuData,
                _statics, 1, start, units);
        }

        for (Span<float> rest = Units.MutableData; !rest.IsEmpty; rest = rest[block..])
            new ReadOnlySpan<float>(start, block).CopyTo(rest);
        Gemm.Run(
            Context.Device, false, true, Steps * Items, units, _inputs, 1, bottom[0].CpuData, _inputs,
            Blobs[0].CpuData, _inputs, 1, seen, units);
    }

    private void SeeInputs(GpuDevice gpu, Blob[] bottom, int units)
    {
        Values start = Blobs[1].GpuData(gpu);
        int rows = 1;
        if (_hasStatic)
        {
            Values sums = _fromStatic.OverwriteGpuData(gpu);
            GpuGemm.Run(gpu, 1, Items, units, _statics, new RowMatrix(bottom[2].GpuData(gpu), 0, _statics),
                new ColumnMatrix(Blobs[2].GpuData(gpu), 0, _statics), new StartedTarget(sums, units, start, rows));
            (start, rows) = (sums, Items);
        }

        GpuGemm.Run(gpu, 1, Steps * Items, units, _inputs, new RowMatrix(bottom[0].GpuData(gpu), 0, _inputs),
            new ColumnMatrix(Blobs[0].GpuData(gpu), 0, _inputs),
            new StartedTarget(Units.OverwriteGpuData(gpu), units, start, rows));
    }

    private void BackwardStatic(GpuDevice gpu, Blob input, Values du, int units)
    {
        Values sum = _fromStatic.OverwriteGpuDiff(gpu);
        int count = Items * units;
        ClassSums.Run(gpu, count, new ClassAxis(Steps, count), new ColumnTerm(du, count), sum);
        GpuGemm.Run(gpu, 1, units, _statics, Items, new ColumnMatrix(sum, 0, units),
            new RowMatrix(input.GpuData(gpu), 0, _statics),
            new RowTarget(Blobs[2].MutableGpuDiff(gpu), 0, _statics, 0, 1));
        GpuGemm.Run(gpu, 1, Items, _statics, units, new RowMatrix(sum, 0, units),
            new RowMatrix(Blobs[2].GpuData(gpu), 0, _statics),
            new RowTarget(input.OverwriteGpuDiff(gpu), 0, _statics, 0, 0));
    }

    private void BackwardStatic(Blob input, float* du, int units)
    {
        float* sum = _fromStatic.MutableCpuDiff;
        _fromStatic.MutableDiff.Clear();
        ColumnSums.Add(Context.Device, du, Steps, Items * units, sum);
        Gemm.Run(
            Context.Device, true, false, units, _statics, Items, 1, sum, units, input.CpuData, _statics, 1,
            Blobs[2].MutableCpuDiff, _statics);
        Gemm.Run(
            Context.Device, false, false, Items, _statics, units, 1, sum, units, Blobs[2].CpuData, _statics, 0,
            input.MutableCpuDiff, _statics);
    }

    // With debug_info: the mean absolute value of each step's states.
    private void Tell()
    {
        for (int t = 0; t < Steps; t++)
        {
            for (int i = 0; i < _last.Length; i++)
            {
                double sum = VectorSums.Absolute(State(i).Data.Slice(t * Items * Width, Items * Width));
                Context.Notice($"    [Forward] Layer {Name}, step {t}, state {StateNames[i]} data: "
                    + LogNumber.Format(sum / (Items * Width)));
            }
        }
    }
}
