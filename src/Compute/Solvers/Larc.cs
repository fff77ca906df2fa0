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
internal sealed class Larc
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

    /// <summary>Whether the sums over the history are needed.</summary>
    public bool ReadsHistory => _alignment.Length > 0;

    /// <summary>A parameter's rate.</summary>
    /// <param name="index">Which parameter.</param>
    /// <param name="sums">The sums over it.</param>
    /// <param name="update">Its update, with the rate of the iteration as its
    /// <see cref="ParamUpdate.LocalRate"/>.</param>
    public float RateOf(int index, in ParamSums sums, in ParamUpdate update)
    {
        double weights = Math.Sqrt(sums.Weights), stored = Math.Sqrt(sums.Gradient);
        double gradient = stored * Math.Abs(update.GradientScale * update.Normalization);
        double ratio = weights > 0 && gradient > 0 ? (1 - update.Momentum) * _eta * weights / gradient : 1;
        if (ReadsHistory)
        {
            double history = Math.Sqrt(sums.History), cosine = 0;
            if (history > 0 && stored > 0)
                cosine = Math.Sign(update.GradientScale) * (sums.Products / (history * stored));
            float mean = (Kept * _alignment[index]) + ((1 - Kept) * (float)cosine);
            _alignment[index] = mean;
            ratio *= 1 - (TurboStrength * mean);
        }

        return _clips ? Math.Min(update.LocalRate, (float)ratio) : update.LocalRate * (float)ratio;
    }
}
