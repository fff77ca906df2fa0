using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>
/// RMSProp (Tieleman, Hinton: Coursera, Neural networks for machine learning, lecture 6.5, 2012):
/// h = ρ h + (1 - ρ) g²; Δ = α g / (√h + δ).
/// </summary>
[UpdateRule("RMSProp")]
public sealed class RmsPropRule : UpdateRule<RmsPropRule.Element, RmsPropRule.GpuElement>
{
    private readonly float _decay;
    private readonly float _delta;

    /// <summary>Makes the rule of a solver.</summary>
    /// <param name="parameter">
    /// The solver's message: <c>rms_decay</c> ρ in [0, 1), default 0.99; <c>delta</c> δ, default 1e-8;
    /// <c>momentum</c> must be 0.
    /// </param>
    public RmsPropRule(SolverParameter parameter)
    {
        if (parameter.Momentum != 0)
            throw Fail(parameter, "momentum", $"must be 0 for type 'RMSProp', not {parameter.Momentum}");
        if (!(parameter.RmsDecay >= 0 && parameter.RmsDecay < 1))
            throw Fail(parameter, "rms_decay", $"must lie in [0, 1), not be {parameter.RmsDecay}");
        _decay = parameter.RmsDecay;
        _delta = parameter.Delta;
    }

    /// <inheritdoc/>
    protected override GpuElement At(in ParamUpdate update) => new(_decay, _delta, update.LocalRate);

    /// <inheritdoc/>
    protected override Element Widen(in GpuElement rule) => new(rule);

    /// <summary>The formula on 16 elements.</summary>
    public readonly struct Element(GpuElement one) : IElementRule
    {
        private readonly Vector512<float> _decay = Vector512.Create(one.Decay);
        private readonly Vector512<float> _rest = Vector512.Create(1 - one.Decay);
        private readonly Vector512<float> _delta = Vector512.Create(one.Delta);
        private readonly Vector512<float> _rate = Vector512.Create(one.Rate);

        /// <inheritdoc/>
        public static int HistoryBlocks => 1;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2)
        {
            h = (_decay * h) + (_rest * (g * g));
            return _rate * (g / (Vector512.Sqrt(h) + _delta));
        }
    }

    /// <summary>The formula on one element.</summary>
    public readonly struct GpuElement(float decay, float delta, float rate) : IGpuElementRule
    {
        internal readonly float Decay = decay;
        internal readonly float Delta = delta;
        internal readonly float Rate = rate;

        /// <inheritdoc/>
        public float Step(float g, ref float h, ref float h2)
        {
            h = (Decay * h) + ((1 - Decay) * (g * g));
            return Rate * (g / (XMath.Sqrt(h) + Delta));
        }
    }
}
