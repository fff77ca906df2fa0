using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>Nesterov's accelerated gradient with momentum μ: h' = μ h + α g; Δ = (1 + μ) h' - μ h.</summary>
[UpdateRule("Nesterov")]
public sealed class NesterovRule : UpdateRule<NesterovRule.Element, NesterovRule.GpuElement>
{
    /// <summary>Makes the rule of a solver.</summary>
    /// <param name="parameter">The solver's message: <c>momentum</c> μ, default 0; it comes with each update.</param>
    public NesterovRule(SolverParameter parameter) => ArgumentNullException.ThrowIfNull(parameter);

    /// <inheritdoc/>
    protected override GpuElement At(in ParamUpdate update) => new(update.Momentum, update.LocalRate);

    /// <inheritdoc/>
    protected override Element Widen(in GpuElement rule) => new(rule);

    /// <summary>The formula on 16 elements.</summary>
    public readonly struct Element(GpuElement one) : IElementRule
    {
        private readonly Vector512<float> _momentum = Vector512.Create(one.Momentum);
        private readonly Vector512<float> _onePlusMomentum = Vector512.Create(1 + one.Momentum);
        private readonly Vector512<float> _rate = Vector512.Create(one.Rate);

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

    /// <summary>The formula on one element.</summary>
    public readonly struct GpuElement(float momentum, float rate) : IGpuElementRule
    {
        internal readonly float Momentum = momentum;
        internal readonly float Rate = rate;

        /// <inheritdoc/>
        public float Step(float g, ref float h, ref float h2)
        {
            float old = Momentum * h;
            h = old + (Rate * g);
            return ((1 + Momentum) * h) - old;
        }
    }
}
