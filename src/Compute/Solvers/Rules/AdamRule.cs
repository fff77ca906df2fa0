using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>
/// Adam (Kingma, Ba: Adam, a method for stochastic optimization; ICLR 2015): m = β1 m + (1 - β1) g;
/// v = β2 v + (1 - β2) g²; Δ = α √(1 - β2^t) / (1 - β1^t) · m / (√v + δ), with t the iteration + 1.
/// </summary>
[UpdateRule("Adam")]
public sealed class AdamRule : UpdateRule<AdamRule.Element, AdamRule.GpuElement>
{
    private readonly float _beta2;
    private readonly float _delta;

    /// <summary>Makes the rule of a solver.</summary>
    /// <param name="parameter">
    /// The solver's message: <c>momentum</c> β1 in [0, 1), default 0; <c>momentum2</c> β2 in [0, 1), default 0.999;
    /// <c>delta</c> δ, default 1e-8.
    /// </param>
    public AdamRule(SolverParameter parameter)
    {
        // At 1 the bias correction divides by zero (β1) or stops all training (β2).
        if (!(parameter.Momentum >= 0 && parameter.Momentum < 1))
            throw Fail(parameter, "momentum", $"must lie in [0, 1) for type 'Adam', not be {parameter.Momentum}");
        if (!(parameter.Momentum2 >= 0 && parameter.Momentum2 < 1))
            throw Fail(parameter, "momentum2", $"must lie in [0, 1) for type 'Adam', not be {parameter.Momentum2}");
        _beta2 = parameter.Momentum2;
        _delta = parameter.Delta;
    }

    /// <inheritdoc/>
    protected override GpuElement At(in ParamUpdate update)
    {
        double t = update.Iteration + 1.0;
        float beta1 = update.Momentum;
        float correction = (float)(Math.Sqrt(1 - Math.Pow(_beta2, t)) / (1 - Math.Pow(beta1, t)));
        return new(beta1, _beta2, _delta, update.LocalRate * correction);
    }

    /// <inheritdoc/>
    protected override Element Widen(in GpuElement rule) => new(rule);

    /// <summary>The formula on 16 elements.</summary>
    public readonly struct Element(GpuElement one) : IElementRule
    {
        private readonly Vector512<float> _beta1 = Vector512.Create(one.Beta1);
        private readonly Vector512<float> _rest1 = Vector512.Create(1 - one.Beta1);
        private readonly Vector512<float> _beta2 = Vector512.Create(one.Beta2);
        private readonly Vector512<float> _rest2 = Vector512.Create(1 - one.Beta2);
        private readonly Vector512<float> _delta = Vector512.Create(one.Delta);
        private readonly Vector512<float> _rate = Vector512.Create(one.Rate);

        /// <inheritdoc/>
        public static int HistoryBlocks => 2;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2)
        {
            h = (_beta1 * h) + (_rest1 * g);
            h2 = (_beta2 * h2) + (_rest2 * (g * g));
            return _rate * (h / (Vector512.Sqrt(h2) + _delta));
        }
    }

    /// <summary>The formula on one element.</summary>
    public readonly struct GpuElement(float beta1, float beta2, float delta, float rate) : IGpuElementRule
    {
        internal readonly float Beta1 = beta1;
        internal readonly float Beta2 = beta2;
        internal readonly float Delta = delta;
        internal readonly float Rate = rate;

        /// <inheritdoc/>
        public float Step(float g, ref float h, ref float h2)
        {
            h = (Beta1 * h) + ((1 - Beta1) * g);
            h2 = (Beta2 * h2) + ((1 - Beta2) * (g * g));
            return Rate * (h / (XMath.Sqrt(h2) + Delta));
        }
    }
}
