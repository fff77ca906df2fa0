using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// Layer-wise rates (LARC; after You, Gitman, Ginsburg: Large batch training of convolutional networks, 2017), as
/// NVIDIA's fork has them: for each parameter r = (1 - momentum) * larc_eta * |w| / |g|, 1 where a norm is 0; g is the
/// gradient after normalization and before weight decay. The rate becomes rate * r (<c>larc_policy</c> "scale") or
/// min(rate, r) ("clip"); lr_mult only switches a parameter on or off. With <c>larc_turbo</c> r is multiplied by
/// 1 - 0.9 c, c being the exponential mean (0.95) of the cosine between gradient and history: state of its own.
/// </summary>
internal sealed unsafe class Larc
{
    private const string Scale = "scale";
    private const string Clip = "clip";
    private const float Kept = 0.95f;
    private const float TurboStrength = 0.9f;

    private readonly bool _clips;
    private readonly float _eta;
    private readonly float[] _alignment;

    private Larc(SolverParameter parameter, int count)
    {
        if (parameter.LarcPolicy is not (Scale or Clip))
            throw SolverValidation.UnknownName(parameter, "larc_policy", parameter.LarcPolicy, [Clip, Scale]);
        if (!(parameter.LarcEta > 0 && float.IsFinite(parameter.LarcEta)))
            throw SolverValidation.Fail(parameter, "larc_eta", $"must be > 0, not {parameter.LarcEta}");
        _clips = parameter.LarcPolicy == Clip;
        _eta = parameter.LarcEta;
        _alignment = parameter.LarcTurbo ? new float[count] : [];
    }

    /// <summary>With larc_turbo the mean cosine of each parameter; else none.</summary>
    public Span<float> Alignment => _alignment;

    /// <summary>What a solver asks for.</summary>
    /// <param name="parameter">The solver's message.</param>
    /// <param name="count">Number of parameters.</param>
    /// <returns>Null without <c>larc</c>.</returns>
    /// <exception cref="CaffeException">Its settings are out of range.</exception>
    public static Larc? Of(SolverParameter parameter, int count) =>
        parameter.Larc ? new Larc(parameter, count) : null;

    /// <summary>A parameter's rate.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="index">Which parameter.</param>
    /// <param name="update">It, with the rate of the iteration as its <see cref="ParamUpdate.LocalRate"/>.</param>
    public float RateOf(CpuDevice device, int index, in ParamUpdate update)
    {
        double weights = Norm(device, update.Weights, update.Count);
        double stored = Norm(device, update.Gradient, update.Count);
        double gradient = stored * Math.Abs(update.GradientScale * update.Normalization);
        double ratio = weights > 0 && gradient > 0 ? (1 - update.Momentum) * _eta * weights / gradient : 1;
        if (_alignment.Length > 0)
        {
            double history = Norm(device, update.History, update.Count), cosine = 0;
            if (history > 0 && stored > 0)
            {
                double product = BlockSum.Run(
                    device, update.Count, new ProductsBody(update.Gradient, update.History));
                cosine = Math.Sign(update.GradientScale) * (product / (history * stored));
            }

            float mean = (Kept * _alignment[index]) + ((1 - Kept) * (float)cosine);
            _alignment[index] = mean;
            ratio *= 1 - (TurboStrength * mean);
        }

        return _clips ? Math.Min(update.LocalRate, (float)ratio) : update.LocalRate * (float)ratio;
    }

    private static double Norm(CpuDevice device, float* values, int count) =>
        Math.Sqrt(BlockSum.Run(device, count, new ProductsBody(values, values)));

    private readonly struct ProductsBody(float* a, float* b) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<double> low = default, high = default;
            for (int i = from; i < to; i += Lanes.Count)
            {
                (Vector512<double> a0, Vector512<double> a1) = Vector512.Widen(Lanes.Load(a + i, to - i));
                (Vector512<double> b0, Vector512<double> b1) = Vector512.Widen(Lanes.Load(b + i, to - i));
                low += a0 * b0;
                high += a1 * b1;
            }

            return Vector512.Sum(low + high);
        }
    }
}
