using CaffeActors.Compute.Schema;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers.Rules;

public sealed class AdaGradRuleTests : UpdateRuleTests
{
    protected override string Type => "AdaGrad";

    protected override Gen<SolverParameter> Settings =>
        Gen.Select(Gen.Float[0, 0.5f], Gen.Float[1e-8f, 1e-3f], (rate, delta) =>
            new SolverParameter { BaseLr = rate, Delta = delta });

    [Fact]
    public void Create_RefusesMomentum() =>
        Assert.Equal("momentum must be 0 for type 'AdaGrad', not 0.5", Refusal(Parameter(momentum: 0.5f)));

    protected override double Step(
        SolverParameter p, double g, double rate, int iteration, ref double h, ref double h2)
    {
        h += g * g;
        return rate * g / (Math.Sqrt(h) + p.Delta);
    }
}
