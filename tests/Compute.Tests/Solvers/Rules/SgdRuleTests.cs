using CaffeActors.Compute.Schema;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers.Rules;

public sealed class SgdRuleTests : UpdateRuleTests
{
    protected override string Type => "SGD";

    protected override Gen<SolverParameter> Settings =>
        Gen.Select(Gen.Float[0, 0.5f], Gen.Float[0, 0.99f], (rate, momentum) =>
            new SolverParameter { BaseLr = rate, Momentum = momentum });

    protected override double Step(
        SolverParameter p, double g, double rate, int iteration, ref double h, ref double h2) =>
        h = (p.Momentum * h) + (rate * g);
}
