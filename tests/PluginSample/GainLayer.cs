using System.Globalization;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.PluginSample;

/// <summary>
/// y = w * x with one learnable w, and in TRAIN a little noise: a layer with a blob, a random stream and a setting,
/// such as a user's. <c>python_param.param_str</c>: the first w, default 1.
/// </summary>
[Layer("Gain")]
public sealed class GainLayer(LayerParameter parameter) : NeuronLayer(parameter)
{
    private RandomStream? _noise;

    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        string text = Parameter.PythonParam?.ParamStr is { Length: > 0 } given ? given : "1";
        if (!float.TryParse(text, CultureInfo.InvariantCulture, out float start))
            throw Fail(ErrorCodes.BadLayerParameter, $"param_str is the first factor, a number, not '{text}'");
        LearnableBlob(0, [1], new FillerParameter { Type = "constant", Value = start });
        _noise = CreateStream("noise");
    }

    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float factor = Blobs[0].Scalar;
        float shift = Phase == Phase.Train ? _noise!.NextDraw().Float(0) * 1e-3f : 0;
        Span<float> target = top[0].MutableData;
        ReadOnlySpan<float> source = bottom[0].Data;
        for (int i = 0; i < source.Length; i++)
            target[i] = (factor * source[i]) + shift;
    }

    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        ReadOnlySpan<float> gradient = top[0].Diff, source = bottom[0].Data;
        if (ParamPropagateDown[0])
        {
            float sum = 0;
            for (int i = 0; i < source.Length; i++)
                sum += gradient[i] * source[i];
            Blobs[0].MutableDiff[0] += sum;
        }

        if (!propagateDown[0])
            return;
        Span<float> target = bottom[0].MutableDiff;
        for (int i = 0; i < target.Length; i++)
            target[i] = gradient[i] * Blobs[0].Scalar;
    }
}
