using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Power of a linear function: y = (shift + scale * x)^power;
/// dx = dy * power * scale * (shift + scale * x)^(power - 1).
/// One bottom and one top of any shape; in place works (a copy of x is kept unless power is 0 or 1).
/// <c>power_param</c>: <c>power</c>, default 1; <c>scale</c>, default 1; <c>shift</c>, default 0. With power 0 the top
/// is 1 everywhere, with scale 0 it is shift^power, whatever x is; the gradient is then 0.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Power")]
public sealed unsafe class PowerLayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    private readonly float _power = parameter.PowerParam?.Power ?? 1;
    private readonly float _scale = parameter.PowerParam?.Scale ?? 1;
    private readonly float _shift = parameter.PowerParam?.Shift ?? 0;

    /// <inheritdoc/>
    protected override bool NeedsInput => _power != 1;

    /// <inheritdoc/>
    /// <remarks>An accelerator makes the power anew: there it takes no longer than reading y.</remarks>
    protected override bool NeedsOutput => Gpu is null && _power is not (0 or 1 or 2) && _scale != 0;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (_power * _scale == 0)
        {
            top[0].MutableData.Fill(_power == 0 ? 1 : MathF.Pow(_shift, _power));
            return;
        }

        KeepInput(bottom, top);
        float* x = bottom[0].CpuData, y = top[0].MutableCpuData;
        int count = top[0].Count;
        if (_power == 1)
            VectorMap.Run(Context.Device, count, x, y, new Linear(_scale, _shift));
        else if (_power == 2)
            VectorMap.Run(Context.Device, count, x, y, new Square(_scale, _shift));
        else
            Elementwise.Run(Context.Device, count, new PowerBody(x, y, _scale, _shift, _power));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        float slope = _power * _scale;
        if (slope == 0)
        {
            bottom[0].MutableDiff.Clear();
            return;
        }

        float* dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        float* x = InputOf(bottom, top).CpuData;
        int count = top[0].Count;
        if (_power == 1)
            VectorMap.Run(Context.Device, count, dy, dx, new Linear(slope, 0));
        else if (_power == 2)
            VectorMap.Run(Context.Device, count, x, dy, dx, new SquareGradient(slope * _scale, slope * _shift));
        else
            Elementwise.Run(
                Context.Device, count, new GradientBody(x, OutputOf(top).CpuData, dy, dx, _scale, _shift, _power));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (_power * _scale == 0)
        {
            gpu.Run(top[0].Count,
                new FillBody(top[0].OverwriteGpuData(gpu), _power == 0 ? 1 : MathF.Pow(_shift, _power)));
            return;
        }

        KeepInput(bottom, top);
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu),
            new GpuValue(_scale, _shift, _power));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        float slope = _power * _scale;
        if (slope == 0)
        {
            gpu.Run(top[0].Count, new FillBody(bottom[0].OverwriteGpuDiff(gpu), 0));
        }
        else if (_power == 1)
        {
            Values dy = top[0].GpuDiff(gpu);
            gpu.Run(top[0].Count, new ScaleBody(dy, bottom[0].OverwriteGpuDiff(gpu), slope));
        }
        else
        {
            GpuMap.Run(gpu, top[0].Count, InputOf(bottom, top).GpuData(gpu), top[0].GpuDiff(gpu),
                bottom[0].OverwriteGpuDiff(gpu), new GpuGradient(_scale, _shift, slope, _power - 1));
        }
    }

    internal readonly struct GpuValue(float scale, float shift, float power) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => GpuMath.Pow((scale * x) + shift, power);
    }

    internal readonly struct GpuGradient(float scale, float shift, float slope, float power) : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy) =>
            dy * slope * GpuMath.Pow((scale * x) + shift, power);
    }

    private readonly struct Linear(float scale, float shift) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => (scale * x) + Vector512.Create(shift);
    }

    private readonly struct Square(float scale, float shift) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x)
        {
            Vector512<float> v = (scale * x) + Vector512.Create(shift);
            return v * v;
        }
    }

    private readonly struct SquareGradient(float linear, float constant) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy) =>
            dy * ((linear * x) + Vector512.Create(constant));
    }

    private readonly struct PowerBody(float* x, float* y, float scale, float shift, float power) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            for (int i = from; i < to; i++)
                y[i] = MathF.Pow((scale * x[i]) + shift, power);
        }
    }

    private readonly struct GradientBody(
        float* x, float* y, float* dy, float* dx, float scale, float shift, float power) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            float slope = power * scale;
            for (int i = from; i < to; i++)
            {
                // v^(power - 1) as y / v saves a call of Pow; not at v = 0, where it would be 0 / 0.
                float v = (scale * x[i]) + shift;
                dx[i] = dy[i] * slope * (v != 0 ? y[i] / v : MathF.Pow(v, power - 1));
            }
        }
    }
}
