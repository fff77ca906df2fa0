using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>
/// AdaDelta (Zeiler: ADADELTA, an adaptive learning rate method; arXiv 1212.5701): h = μ h + (1 - μ) g²;
/// u = g √((h2 + δ) / (h + δ)); h2 = μ h2 + (1 - μ) u²; Δ = α u.
/// </summary>
/// <param name="parameter">
/// The solver's message: <c>momentum</c> μ, default 0; <c>delta</c> δ, default 1e-8.
/// </param>
[UpdateRule("AdaDelta")]
public sealed class AdaDeltaRule(SolverParameter parameter) : UpdateRule<AdaDeltaRule.Element>
{
    private readonly float _delta = parameter.Delta;

    /// <inheritdoc/>
    protected override Element At(in ParamUpdate update) => new(update.Momentum, _delta, update.LocalRate);

    /// <summary>The formula.</summary>
    public readonly struct Element(float momentum, float delta, float rate) : IElementRule
    {
        private readonly Vector512<float> _momentum = Vector512.Create(momentum);
        private readonly Vector512<float> _rest = Vector512.Create(1 - momentum);
        private readonly Vector512<float> _delta = Vector512.Create(delta);
        private readonly Vector512<float> _rate = Vector512.Create(rate);

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
}
