using CaffeActors.Compute.Schema;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers.Rules;

public sealed class AdaDeltaRuleTests : UpdateRuleTests
{
    protected override string Type => "AdaDelta";

    protected override int HistoryBlocks => 2;

    protected override Gen<SolverParameter> Settings =>
        Gen.Select(Gen.Float[0, 1], Gen.Float[0, 0.99f], Gen.Float[1e-8f, 1e-3f], (rate, momentum, delta) =>
            new SolverParameter { BaseLr = rate, Momentum = momentum, Delta = delta });

    protected override double Step(
        SolverParameter p, double g, double rate, int iteration, ref double h, ref double h2)
    {
        h = (p.Momentum * h) + ((1.0 - p.Momentum) * g * g);
        double u = g * Math.Sqrt((h2 + p.Delta) / (h + p.Delta));
        h2 = (p.Momentum * h2) + ((1.0 - p.Momentum) * u * u);
        return rate * u;
    }
}
