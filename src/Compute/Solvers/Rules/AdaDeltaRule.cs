using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>
/// AdaDelta (Zeiler: ADADELTA, an adaptive learning rate method; arXiv 1212.5701): h = μ h + (1 - μ) g²;
/// u = g √((h2 + δ) / (h + δ)); h2 = μ h2 + (1 - μ) u²; Δ = α u.
/// </summary>
/// <param name="parameter">
/// The solver's message: <c>momentum</c> μ, default 0; <c>delta</c> δ, default 1e-8.
/// </param>
[UpdateRule("AdaDelta")]
public sealed class AdaDeltaRule(SolverParameter parameter) : UpdateRule<AdaDeltaRule.Element, AdaDeltaRule.GpuElement>
{
    private readonly float _delta = parameter.Delta;

    /// <inheritdoc/>
    protected override GpuElement At(in ParamUpdate update) => new(update.Momentum, _delta, update.LocalRate);

    /// <inheritdoc/>
    protected override Element Widen(in GpuElement rule) => new(rule);

    /// <summary>The formula on 16 elements.</summary>
    public readonly struct Element(GpuElement one) : IElementRule
    {
        private readonly Vector512<float> _momentum = Vector512.Create(one.Momentum);
        private readonly Vector512<float> _rest = Vector512.Create(1 - one.Momentum);
        private readonly Vector512<float> _delta = Vector512.Create(one.Delta);
        private readonly Vector512<float> _rate = Vector512.Create(one.Rate);

        /// <inheritdoc/>
        public static int HistoryBlocks => 2;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2)
        {
            h = (_momentum * h) + (_rest * (g * g));
            Vector512<float> u = g * Vector512.Sqrt((h2 + _delta) / (h + _delta));
            h2 = (_momentum * h2) + (_rest * (u * u));
            return _rate * u;
        }
    }

    /// <summary>The formula on one element.</summary>
    public readonly struct GpuElement(float momentum, float delta, float rate) : IGpuElementRule
    {
        internal readonly float Momentum = momentum;
        internal readonly float Delta = delta;
        internal readonly float Rate = rate;

        /// <inheritdoc/>
        public float Step(float g, ref float h, ref float h2)
        {
            h = (Momentum * h) + ((1 - Momentum) * (g * g));
            float u = g * XMath.Sqrt((h2 + Delta) / (h + Delta));
            h2 = (Momentum * h2) + ((1 - Momentum) * (u * u));
            return Rate * u;
        }
    }
}
