using System.Globalization;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The factor by which a net's loss gradients are multiplied at the top, so that small ones are not lost in fp16, and
/// by which the optimizer divides the parameters' gradients again; the loss that is told has none of it. As NVIDIA's
/// fork has it: fixed, or adaptive, where the next iteration's factor is 4 K / max |g| over the gradients g of the
/// parameters whose layers keep theirs in fp16, NaN and infinite ones disregarded; here it is rounded down to a power
/// of two, by which nothing is rounded. An adaptive factor may grow too large: an iteration with a gradient that is
/// NaN or infinite changes no weight, and the factor is halved. (The fork applies such gradients, which ends the run:
/// no weight is a number any more.) With a factor of 1 or less they are no work of the factor and are applied.
/// One object serves all replicas of a run; it changes between iterations only.
/// </summary>
public sealed class GradScale
{
    /// <summary>The factor of nets with fp16 gradients that do not say theirs.</summary>
    public const float StandardFactor = 1024;

    /// <summary>K of an adaptive factor that is not said.</summary>
    public const float StandardTarget = 256;

    private const int LeastExponent = -24;
    private const int GreatestExponent = 24;

    // What the search on accelerators finds, by parameter.
    private readonly List<Blob> _found = [];
    private readonly float _target;
    private float _next;

    private GradScale(float factor, bool isAdaptive)
    {
        _target = factor;
        IsAdaptive = isAdaptive;
        Factor = _next = factor;
    }

    /// <summary>Whether the factor follows the gradients.</summary>
    public bool IsAdaptive { get; }

    /// <summary>The factor of the present iteration.</summary>
    public float Factor { get; private set; }

    /// <summary>Iterations that changed no weight.</summary>
    public int Skipped { get; private set; }

    /// <summary>What a net asks for: its <c>global_grad_scale</c> and <c>global_grad_scale_adaptive</c>, else the run's
    /// setting, else <see cref="StandardFactor"/> where a layer keeps gradients in fp16 and 1 elsewhere.</summary>
    /// <param name="net">The net.</param>
    /// <param name="precision">How blobs are kept where the net does not say.</param>
    /// <param name="setting">The run's setting, or null.</param>
    /// <returns>Null for a fixed factor of 1.</returns>
    /// <exception cref="CaffeException">The net's factor is not above 0.</exception>
    public static GradScale? Of(NetParameter net, StorageType precision, GradScaleSetting? setting)
    {
        if (net.HasGlobalGradScale || net.HasGlobalGradScaleAdaptive)
            setting = new GradScaleSetting(net.GlobalGradScale, net.GlobalGradScaleAdaptive);
        bool adaptive = setting is { IsAdaptive: true };
        float factor = setting?.Factor ?? (adaptive ? StandardTarget
            : Precision.HasGradients(net, StorageType.Float16, precision) ? StandardFactor : 1);
        if (!(factor > 0 && float.IsFinite(factor)))
        {
            throw new CaffeException(ErrorCodes.BadFieldValue, FailureKind.Configuration,
                string.Create(CultureInfo.InvariantCulture, $"global_grad_scale must be above 0, not {factor}"),
                SourcePlaces.OfField(net, "global_grad_scale"));
        }

        return adaptive || factor != 1 ? new GradScale(factor, adaptive) : null;
    }

    /// <summary>Goes on from a saved factor; a fixed one stays as it is set.</summary>
    /// <param name="factor">The factor of the next iteration.</param>
    public void Restore(float factor)
    {
        if (IsAdaptive && factor > 0 && float.IsFinite(factor))
            Factor = _next = factor;
    }

    /// <summary>Looks at an iteration's gradients, all of which must be there, before they are applied.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="learnable">The parameters.</param>
    /// <param name="gradientScale">Multiplies all gradients besides, as 1 / replicas does their sum.</param>
    /// <returns>Whether they may be applied.</returns>
    public unsafe bool Admits(CpuDevice device, IReadOnlyList<LearnableParam> learnable, float gradientScale)
    {
        if (!IsAdaptive)
            return true;
        float largest = 0;
        bool allFinite = true;
        QueueOnAccelerators(learnable);
        for (int i = 0; i < learnable.Count; i++)
        {
            if (!learnable[i].HasHalfGradient)
                continue;
            Blob blob = learnable[i].Blob;
            float found = learnable[i].Gpu is not null
                ? LargestMagnitude.Read(_found[i], out bool finite)
                : MagnitudeScan.Largest(device, blob.CpuDiff, blob.Count, out finite);
            largest = Math.Max(largest, found);
            allFinite &= finite;
        }

        if (!allFinite && Factor > 1)
        {
            _next = Factor / 2;
            return false;
        }

        double unscaled = (double)largest * Math.Abs(gradientScale) / Factor;
        _next = unscaled > 0 ? PowerBelow(4 * _target / unscaled) : Factor;
        return true;
    }

    /// <summary>Ends an iteration whose gradients were not applied.</summary>
    /// <returns>What the log says of it.</returns>
    public string Skip()
    {
        float factor = Factor;
        Skipped++;
        Advance();
        return string.Create(CultureInfo.InvariantCulture,
            $"Gradients overflow at the scale {factor:g6}; no weight is changed, the scale is {Factor:g6} from here "
            + $"on");
    }

    /// <summary>Ends an iteration: the next one's factor holds.</summary>
    public void Advance() => Factor = _next;

    private void QueueOnAccelerators(IReadOnlyList<LearnableParam> learnable)
    {
        while (_found.Count < learnable.Count)
            _found.Add(new Blob());
        for (int i = 0; i < learnable.Count; i++)
        {
            if (learnable[i] is { HasHalfGradient: true, Gpu: { } gpu, Blob: var blob })
                LargestMagnitude.Queue(gpu, blob.GpuDiff(gpu), blob.Count, _found[i]);
        }
    }

    private static float PowerBelow(double value) =>
        (float)Math.ScaleB(1, Math.Clamp(Math.ILogB(value), LeastExponent, GreatestExponent));
}
