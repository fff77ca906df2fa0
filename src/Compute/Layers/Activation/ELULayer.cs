using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Exponential linear unit: y = max(x, 0) + alpha * (e^min(x, 0) - 1); dx = dy where x > 0, else dy * (alpha + y).
/// One bottom and one top of any shape; in place works (with a negative alpha a copy of x is kept).
/// <c>elu_param</c>: <c>alpha</c>, any value, default 1.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("ELU")]
public sealed unsafe class ELULayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    private readonly float _alpha = parameter.EluParam?.Alpha ?? 1;

    /// <inheritdoc/>
    /// <remarks>Else y is above 0 where x is, and serves as well.</remarks>
    protected override bool NeedsInput => _alpha < 0;

    /// <inheritdoc/>
    protected override bool NeedsOutput => true;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, new Value(_alpha));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        Elementwise.Run(Context.Device, top[0].Count, new GradientBody(
            InputOf(bottom, top).CpuData, OutputOf(top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, _alpha));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), new GpuValue(_alpha));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        gpu.Run(top[0].Count, new GpuGradient(InputOf(bottom, top).GpuData(gpu), OutputOf(top).GpuData(gpu),
            top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu), _alpha));
    }

    internal readonly struct GpuValue(float alpha) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => x > 0 ? x : alpha * (GpuMath.Exp(x) - 1);
    }

    internal readonly struct GpuGradient(Values x, Values y, Values dy, Values dx, float alpha) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i) => dx.Set(i, x[i] > 0 ? dy[i] : dy[i] * (alpha + y[i]));
    }

    private readonly struct Value(float alpha) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) =>
            Vector512.Max(x, Vector512<float>.Zero)
            + (alpha * (VectorMath.Exp(Vector512.Min(x, Vector512<float>.Zero)) - Vector512<float>.One));
    }

    private readonly struct GradientBody(float* x, float* y, float* dy, float* dx, float alpha) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            Vector512<float> alphas = Vector512.Create(alpha);
            for (int i = from; i < to; i += Lanes.Count)
            {
                int lanes = to - i;
                Vector512<float> gradient = Lanes.Load(dy + i, lanes);
                Vector512<float> positive = Vector512.GreaterThan(Lanes.Load(x + i, lanes), Vector512<float>.Zero);
                Vector512<float> below = gradient * (alphas + Lanes.Load(y + i, lanes));
                Lanes.Store(Vector512.ConditionalSelect(positive, gradient, below), dx + i, lanes);
            }
        }
    }
}
