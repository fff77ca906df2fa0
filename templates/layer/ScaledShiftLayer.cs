using System.Globalization;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace MyLayers;

/// <summary>
/// y = factor * x + shift, with one learnable shift. Bottom and top: any shape, also in place.
/// <c>python_param.param_str</c>: the factor, a number; default 1.
/// Gradients: dx = factor * dy; dshift = sum of dy.
/// </summary>
/// <param name="parameter">The layer's message, as the net's prototxt has it.</param>
[Layer("ScaledShift")]
public sealed class ScaledShiftLayer(LayerParameter parameter) : NeuronLayer(parameter)
{
    private float _factor = 1;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        string text = Parameter.PythonParam?.ParamStr ?? "";
        if (text.Length > 0 && !float.TryParse(text, CultureInfo.InvariantCulture, out _factor))
            throw Fail(ErrorCodes.BadLayerParameter, $"param_str is the factor, a number, not '{text}'");
        LearnableBlob(0, [1], filler: null);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float shift = Blobs[0].Scalar;
        ReadOnlySpan<float> x = bottom[0].Data;
        Span<float> y = top[0].MutableData;
        for (int i = 0; i < x.Length; i++)
            y[i] = (_factor * x[i]) + shift;
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        ReadOnlySpan<float> dy = top[0].Diff;
        if (ParamPropagateDown[0])
        {
            float sum = 0;
            foreach (float value in dy)
                sum += value;
            // The gradients of learnable blobs are added to what is there, ...
            Blobs[0].MutableDiff[0] += sum;
        }

        if (!propagateDown[0])
            return;
        // ... those of bottoms are overwritten.
        Span<float> dx = bottom[0].MutableDiff;
        for (int i = 0; i < dx.Length; i++)
            dx[i] = _factor * dy[i];
    }
}
