using CaffeActors.Compute.Schema;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers.Rules;

public sealed class AdamRuleTests : UpdateRuleTests
{
    protected override string Type => "Adam";

    protected override int HistoryBlocks => 2;

    protected override Gen<SolverParameter> Settings =>
        Gen.Select(
            Gen.Float[0, 0.1f], Gen.Float[0, 0.99f], Gen.Float[0, 0.9999f], Gen.Float[1e-8f, 1e-3f],
            (rate, momentum, momentum2, delta) => new SolverParameter
            {
                BaseLr = rate,
                Momentum = momentum,
                Momentum2 = momentum2,
                Delta = delta,
            });

    [Theory]
    [InlineData(1f, 0.999f, "momentum must lie in [0, 1)")]
    [InlineData(-0.1f, 0.999f, "momentum must lie in [0, 1)")]
    [InlineData(0.9f, 1f, "momentum2 must lie in [0, 1)")]
    public void Create_RefusesMomentaOutOfRange(float momentum, float momentum2, string message)
    {
        SolverParameter parameter = Parameter(momentum);
        parameter.Momentum2 = momentum2;
        Assert.Contains(message, Refusal(parameter));
    }

    protected override double Step(
        SolverParameter p, double g, double rate, int iteration, ref double h, ref double h2)
    {
        h = (p.Momentum * h) + ((1.0 - p.Momentum) * g);
        h2 = (p.Momentum2 * h2) + ((1.0 - p.Momentum2) * g * g);
        double correction =
            Math.Sqrt(1 - Math.Pow(p.Momentum2, iteration + 1)) / (1 - Math.Pow(p.Momentum, iteration + 1));
        return rate * correction * h / (Math.Sqrt(h2) + p.Delta);
    }
}
