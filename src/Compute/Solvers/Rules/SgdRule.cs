using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>Stochastic gradient descent with momentum μ: h = μ h + α g; Δ = h.</summary>
/// <param name="parameter">The solver's message: <c>momentum</c> μ, default 0.</param>
[UpdateRule("SGD")]
public sealed class SgdRule(SolverParameter parameter) : UpdateRule<SgdRule.Element>
{
    private readonly float _momentum = parameter.Momentum;

    /// <inheritdoc/>
    protected override Element At(float rate, int iteration) => new(_momentum, rate);

    /// <summary>The formula.</summary>
    public readonly struct Element(float momentum, float rate) : IElementRule
    {
        private readonly Vector512<float> _momentum = Vector512.Create(momentum);
        private readonly Vector512<float> _rate = Vector512.Create(rate);

        /// <inheritdoc/>
        public static int HistoryBlocks => 1;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2) =>
            h = (_momentum * h) + (_rate * g);
    }
}
