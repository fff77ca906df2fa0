using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Solvers.Rules;

/// <summary>
/// AdaGrad (Duchi, Hazan, Singer: Adaptive subgradient methods; JMLR 12, 2011): h = h + g²; Δ = α g / (√h + δ).
/// </summary>
[UpdateRule("AdaGrad")]
public sealed class AdaGradRule : UpdateRule<AdaGradRule.Element, AdaGradRule.GpuElement>
{
    private readonly float _delta;

    /// <summary>Makes the rule of a solver.</summary>
    /// <param name="parameter">The solver's message: <c>delta</c> δ, default 1e-8; <c>momentum</c> must be 0.</param>
    public AdaGradRule(SolverParameter parameter)
    {
        if (parameter.Momentum != 0)
            throw Fail(parameter, "momentum", $"must be 0 for type 'AdaGrad', not {parameter.Momentum}");
        _delta = parameter.Delta;
    }

    /// <inheritdoc/>
    protected override GpuElement At(in ParamUpdate update) => new(_delta, update.LocalRate);

    /// <inheritdoc/>
    protected override Element Widen(in GpuElement rule) => new(rule);

    /// <summary>The formula on 16 elements.</summary>
    public readonly struct Element(GpuElement one) : IElementRule
    {
        private readonly Vector512<float> _delta = Vector512.Create(one.Delta);
        private readonly Vector512<float> _rate = Vector512.Create(one.Rate);

        /// <inheritdoc/>
        public static int HistoryBlocks => 1;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2)
        {
            h += g * g;
            return _rate * (g / (Vector512.Sqrt(h) + _delta));
        }
    }

    /// <summary>The formula on one element.</summary>
    public readonly struct GpuElement(float delta, float rate) : IGpuElementRule
    {
        internal readonly float Delta = delta;
        internal readonly float Rate = rate;

        /// <inheritdoc/>
        public float Step(float g, ref float h, ref float h2)
        {
            h += g * g;
            return Rate * (g / (XMath.Sqrt(h) + Delta));
        }
    }
}
