using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Rectified linear unit: y = max(x, 0) + a * min(x, 0); dx = dy where x > 0, else a * dy.
/// One bottom and one top of any shape; in place works unless a is negative.
/// <c>relu_param</c>: <c>negative_slope</c> a, default 0.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("ReLU")]
public sealed unsafe class ReLULayer(LayerParameter parameter) : NeuronLayer(parameter)
{
    private readonly float _slope = parameter.ReluParam?.NegativeSlope ?? 0;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) =>
        Elementwise.Run(Context.Device, top[0].Count, new ForwardBody(bottom[0].CpuData, top[0].MutableCpuData, _slope));

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        Elementwise.Run(Context.Device, top[0].Count,
            new BackwardBody(bottom[0].CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, _slope));
    }

    private readonly struct ForwardBody(float* x, float* y, float slope) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            int i = from;
            Vector512<float> zero = Vector512<float>.Zero, slopes = Vector512.Create(slope);
            // Also with slope 0: 0 * min(x, 0) makes NaN of -infinity, as Caffe does.
            for (; i + 16 <= to; i += 16)
            {
                Vector512<float> v = Vector512.Load(x + i);
                (Vector512.Max(v, zero) + (slopes * Vector512.Min(v, zero))).Store(y + i);
            }

            for (; i < to; i++)
                y[i] = MathF.Max(x[i], 0) + (slope * MathF.Min(x[i], 0));
        }
    }

    private readonly struct BackwardBody(float* x, float* dy, float* dx, float slope) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            int i = from;
            Vector512<float> slopes = Vector512.Create(slope);
            for (; i + 16 <= to; i += 16)
            {
                Vector512<float> g = Vector512.Load(dy + i);
                Vector512<float> positive = Vector512.GreaterThan(Vector512.Load(x + i), Vector512<float>.Zero);
                Vector512.ConditionalSelect(positive, g, slopes * g).Store(dx + i);
            }

            for (; i < to; i++)
                dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
        }
    }
}
