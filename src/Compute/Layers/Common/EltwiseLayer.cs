using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.EltwiseParameter.Types;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Combines bottoms of equal shape element by element. SUM: y = sum of coeff_i x_i, dx_i = coeff_i dy. PROD: y =
/// product of x_i, dx_i = dy times the product of the others (or dy y / x_i with <c>stable_prod_grad: false</c>,
/// faster with three bottoms and more, but NaN at 0). MAX: the greatest; of two equal ones the second bottom's
/// before the first's, else the earlier one's; the gradient goes to the one taken.
/// Two bottoms or more, one top. In place on the first bottom works for SUM and MAX; PROD then has no gradient.
/// <c>eltwise_param</c>: <c>operation</c>, default SUM; <c>coeff</c>, none or one for each bottom, default 1, for SUM
/// (MAX ignores them); <c>stable_prod_grad</c>, default true.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Eltwise")]
public sealed unsafe class EltwiseLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer, IRectifierHost
{
    private readonly EltwiseParameter _eltwise = parameter.EltwiseParam ?? new EltwiseParameter();

    // MAX: which bottom was taken, in the blob's data: 32-bit integers on the CPU, floats on an accelerator.
    private readonly Blob _taken = new();
    private float[] _coefficients = [];

    // Of the results, where another layer's work is done here.
    private float? _slope;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectify => Gpu is null && _eltwise.Operation == EltwiseOp.Sum;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectifyGradient => false;

    /// <inheritdoc/>
    public override int MinBottoms => 2;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) =>
        _eltwise.Operation == EltwiseOp.Prod ? GradientReads.Bottoms : GradientReads.None;

    /// <inheritdoc/>
    public override bool CanRecompute => true;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) =>
        (long)top[0].Count * (_eltwise.Operation == EltwiseOp.Sum ? 2 * bottom.Length : bottom.Length - 1);

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        for (int i = 1; i < bottom.Length; i++)
        {
            if (!bottom[i].Shape.SequenceEqual(bottom[0].Shape))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    "all bottoms must have one shape, "
                    + $"but bottom 0 is {bottom[0].ShapeString} and bottom {i} is {bottom[i].ShapeString}");
            }
        }

        top[0].ReshapeLike(bottom[0]);
        if (_eltwise.Operation == EltwiseOp.Max)
            _taken.ReshapeLike(bottom[0]);
    }

    /// <inheritdoc/>
    void IRectifierHost.Rectify(float? slope, bool gradientToo) => _slope = slope;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        int given = _eltwise.Coeff.Count;
        if (given != 0 && _eltwise.Operation == EltwiseOp.Prod)
            throw Fail(ErrorCodes.BadLayerParameter, "coeff means nothing to PROD; only SUM takes it");
        if (given != 0 && given != bottom.Length)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"coeff is given {given} times for {bottom.Length} bottoms; give it once for each, or not at all");
        }

        _coefficients = given == 0 ? [.. bottom.Select(_ => 1f)] : [.. _eltwise.Coeff];
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float** x = stackalloc float*[bottom.Length];
        for (int i = 0; i < bottom.Length; i++)
            x[i] = bottom[i].CpuData;
        float* y = top[0].MutableCpuData;
        int inputs = bottom.Length, count = top[0].Count;
        fixed (float* coefficients = _coefficients)
        {
            if (_eltwise.Operation == EltwiseOp.Sum)
                Elementwise.Run(Context.Device, count, new WeightedSum(x, coefficients, inputs, y, _slope));
            else if (_eltwise.Operation == EltwiseOp.Prod)
                Elementwise.Run(Context.Device, count, new Product(x, inputs, y));
            else
                Elementwise.Run(Context.Device, count, new Maximum(x, inputs, y, (int*)_taken.MutableCpuData));
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (_eltwise.Operation == EltwiseOp.Prod)
            RefuseGradientInPlace(bottom, top);
        float** x = stackalloc float*[bottom.Length], dx = stackalloc float*[bottom.Length];
        for (int i = 0; i < bottom.Length; i++)
        {
            x[i] = _eltwise.Operation == EltwiseOp.Prod ? bottom[i].CpuData : null;
            dx[i] = propagateDown[i] ? bottom[i].MutableCpuDiff : null;
        }

        float* dy = top[0].CpuDiff;
        int inputs = bottom.Length, count = top[0].Count;
        fixed (float* coefficients = _coefficients)
        {
            if (_eltwise.Operation == EltwiseOp.Sum)
                Elementwise.Run(Context.Device, count, new WeightedSumGradient(dy, coefficients, inputs, dx));
            else if (_eltwise.Operation == EltwiseOp.Max)
                Elementwise.Run(Context.Device, count, new MaximumGradient(dy, (int*)_taken.CpuData, inputs, dx));
            else if (_eltwise.StableProdGrad)
                Elementwise.Run(Context.Device, count, new ProductGradient(x, dy, inputs, dx));
            else
                Elementwise.Run(Context.Device, count, new QuotientGradient(x, dy, inputs, dx));
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        // In place it must be on the accelerator before its side there counts as overwritten.
        bottom[0].GpuData(gpu);
        FoldGpu(gpu, bottom, -1, Values.None, top[0].OverwriteGpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (_eltwise.Operation == EltwiseOp.Prod)
            RefuseGradientInPlace(bottom, top);
        Values dy = top[0].GpuDiff(gpu);
        int count = top[0].Count;
        if (_eltwise.Operation != EltwiseOp.Prod)
        {
            // The first bottom comes last: in place its gradient overwrites dy.
            for (int k = (bottom.Length - 1) / 4 * 4; k >= 0; k -= 4)
            {
                var dx = new FourValues(Dx(k), Dx(k + 1), Dx(k + 2), Dx(k + 3));
                if (_eltwise.Operation == EltwiseOp.Max)
                    gpu.Run(count, new MaximumGradientBody(dy, _taken.GpuData(gpu), dx, k));
                else
                    gpu.Run(count, new WeightedSumGradientBody(dy, dx, C(k), C(k + 1), C(k + 2), C(k + 3)));
            }

            return;
        }

        Values product = _eltwise.StableProdGrad ? Values.None : gpu.Scratch.Get(1, count);
        if (!_eltwise.StableProdGrad)
            FoldGpu(gpu, bottom, -1, Values.None, product);
        for (int k = 0; k < bottom.Length; k++)
        {
            if (!propagateDown[k])
                continue;
            if (_eltwise.StableProdGrad)
                FoldGpu(gpu, bottom, k, dy, Dx(k));
            else
                gpu.Run(count, new QuotientGradientBody(product, bottom[k].GpuData(gpu), dy, Dx(k)));
        }

        Values Dx(int k) =>
            k < bottom.Length && propagateDown[k] ? bottom[k].OverwriteGpuDiff(gpu) : Values.None;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _taken.Dispose();
    }

    private void RefuseGradientInPlace(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
        {
            throw Fail(ErrorCodes.BadConnection,
                "PROD in place has overwritten what its gradient needs; give its top a name of its own");
        }
    }

    // Combines the bottoms without one of them (-1: all), and with a last factor where there is one, four at a time.
    private void FoldGpu(GpuDevice gpu, Blob[] bottom, int without, Values last, Values y)
    {
        int inputs = bottom.Length, count = bottom[0].Count;
        Values before = Values.None;
        for (int k = 0; k < inputs; k += 4)
        {
            var x = new FourValues(X(k), X(k + 1), X(k + 2), X(k + 3));
            Values target = k + 4 < inputs ? gpu.Scratch.Get(0, count) : y;
            if (_eltwise.Operation == EltwiseOp.Sum)
                gpu.Run(count, new WeightedSumBody(before, x, C(k), C(k + 1), C(k + 2), C(k + 3), target));
            else if (_eltwise.Operation == EltwiseOp.Prod)
                gpu.Run(count, new ProductBody(before, x, target));
            else
                gpu.Run(count, new MaximumBody(before, x, k, target, _taken.MutableGpuData(gpu)));
            before = target;
        }

        Values X(int place)
        {
            int k = without >= 0 && place >= without ? place + 1 : place;
            return k < inputs ? bottom[k].GpuData(gpu) : k == inputs ? last : Values.None;
        }
    }

    private float C(int bottom) => bottom < _coefficients.Length ? _coefficients[bottom] : 0;
}
