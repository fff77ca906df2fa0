using CaffeActors.Compute.Schema;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers.Rules;

public sealed class RmsPropRuleTests : UpdateRuleTests
{
    protected override string Type => "RMSProp";

    protected override Gen<SolverParameter> Settings =>
        Gen.Select(Gen.Float[0, 0.1f], Gen.Float[0, 0.999f], Gen.Float[1e-8f, 1e-3f], (rate, decay, delta) =>
            new SolverParameter { BaseLr = rate, RmsDecay = decay, Delta = delta });

    [Fact]
    public void Create_RefusesMomentum() =>
        Assert.Equal("momentum must be 0 for type 'RMSProp', not 0.5", Refusal(Parameter(momentum: 0.5f)));

    [Theory]
    [InlineData(1f)]
    [InlineData(-0.1f)]
    [InlineData(float.NaN)]
    public void Create_RefusesADecayOutOfRange(float decay)
    {
        SolverParameter parameter = Parameter();
        parameter.RmsDecay = decay;
        Assert.Contains("rms_decay must lie in [0, 1)", Refusal(parameter));
    }

    protected override double Step(
        SolverParameter p, double g, double rate, int iteration, ref double h, ref double h2)
    {
        h = (p.RmsDecay * h) + ((1.0 - p.RmsDecay) * g * g);
        return rate * g / (Math.Sqrt(h) + p.Delta);
    }
}
