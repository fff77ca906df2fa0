using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>Nesterov's accelerated gradient with momentum μ: h' = μ h + α g; Δ = (1 + μ) h' - μ h.</summary>
[UpdateRule("Nesterov")]
public sealed class NesterovRule : UpdateRule<NesterovRule.Element>
{
    /// <summary>Makes the rule of a solver.</summary>
    /// <param name="parameter">The solver's message: <c>momentum</c> μ, default 0; it comes with each update.</param>
    public NesterovRule(SolverParameter parameter) => ArgumentNullException.ThrowIfNull(parameter);

    /// <inheritdoc/>
    protected override Element At(in ParamUpdate update) => new(update.Momentum, update.LocalRate);

    /// <summary>The formula.</summary>
    public readonly struct Element(float momentum, float rate) : IElementRule
    {
        private readonly Vector512<float> _momentum = Vector512.Create(momentum);
        private readonly Vector512<float> _onePlusMomentum = Vector512.Create(1 + momentum);
        private readonly Vector512<float> _rate = Vector512.Create(rate);

        /// <inheritdoc/>
        public static int HistoryBlocks => 1;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2)
        {
            Vector512<float> old = _momentum * h;
            h = old + (_rate * g);
            return (_onePlusMomentum * h) - old;
        }
    }
}
