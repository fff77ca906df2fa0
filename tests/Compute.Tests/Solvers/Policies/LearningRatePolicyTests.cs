using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Tests.Solvers.Policies;

public sealed class LearningRatePolicyTests
{
    // Worked out by hand: base_lr 0.5, gamma 0.1, power 0.75, stepsize 10, max_iter 100.
    public static TheoryData<string, int, double, int> Table => new()
    {
        { "fixed", 0, 0.5, 0 },
        { "fixed", 99, 0.5, 0 },
        { "step", 0, 0.5, 0 },
        { "step", 9, 0.5, 0 },
        { "step", 10, 0.05, 1 },
        { "step", 39, 0.0005, 3 },
        { "exp", 0, 0.5, 0 },
        { "exp", 3, 0.0005, 0 },
        { "inv", 0, 0.5, 0 },
        { "inv", 150, 0.0625, 0 }, // 16^-0.75 = 1/8
        { "poly", 0, 0.5, 0 },
        { "poly", 84, 0.12649110640673518, 0 }, // 0.16^0.75 = 0.4^1.5
        { "poly", 100, 0, 0 },
        { "sigmoid", 10, 0.25, 0 },
        { "sigmoid", 20, 0.36552928931500245, 0 }, // 1 / (1 + 1/e) = 0.7310585786
        { "sigmoid", 0, 0.13447071068499755, 0 },
    };

    private static SolverParameter Parameter(string policy) => new()
    {
        LrPolicy = policy,
        BaseLr = 0.5f,
        Gamma = 0.1f,
        Power = 0.75f,
        Stepsize = 10,
        MaxIter = 100,
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Rate_IsTheFormula(string name, int iteration, double rate, int step)
    {
        int currentStep = 0;
        float computed = LearningRatePolicy.Create(Parameter(name)).Rate(iteration, ref currentStep);
        Assert.Equal(rate, computed, rate * 2e-6);
        Assert.Equal(step, currentStep);
    }

    [Fact]
    public void MultiStep_StepsAtItsValues()
    {
        SolverParameter parameter = Parameter("multistep");
        parameter.Stepvalue.Add([2, 4]);
        var notices = new List<string>();
        LearningRatePolicy policy = LearningRatePolicy.Create(parameter);
        policy.Notice = notices.Add;
        int step = 0;
        double[] rates = [.. Enumerable.Range(0, 6).Select(iteration => (double)policy.Rate(iteration, ref step))];
        double[] expected = [0.5, 0.5, 0.05, 0.05, 0.005, 0.005];
        for (int i = 0; i < rates.Length; i++)
            Assert.Equal(expected[i], rates[i], 1e-7);
        Assert.Equal(
            ["MultiStep Status: Iteration 2, step = 1", "MultiStep Status: Iteration 4, step = 2"], notices);
    }

    [Fact]
    public void MultiStep_CatchesUpOneStepAnIteration()
    {
        SolverParameter parameter = Parameter("multistep");
        parameter.Stepvalue.Add([1, 1, 2]);
        LearningRatePolicy policy = LearningRatePolicy.Create(parameter);
        int step = 0;
        List<int> steps = [];
        foreach (int iteration in (int[])[0, 5, 6, 7, 8])
        {
            policy.Rate(iteration, ref step);
            steps.Add(step);
        }

        Assert.Equal([0, 1, 2, 3, 3], steps);
    }

    [Fact]
    public void MultiStep_GoesOnFromARestoredStep()
    {
        SolverParameter parameter = Parameter("multistep");
        parameter.Stepvalue.Add([2, 4]);
        int step = 1;
        Assert.Equal(0.05f, LearningRatePolicy.Create(parameter).Rate(3, ref step), 1e-8f);
        Assert.Equal(1, step);
    }

    [Fact]
    public void UnsetNumbers_AreZero()
    {
        int step = 0;
        Assert.Equal(0, LearningRatePolicy.Create(new SolverParameter { LrPolicy = "fixed" }).Rate(3, ref step));
        // 0^0 is 1: the first iteration still gets the base rate.
        LearningRatePolicy exp = LearningRatePolicy.Create(new SolverParameter { LrPolicy = "exp", BaseLr = 2 });
        Assert.Equal(2, exp.Rate(0, ref step));
        Assert.Equal(0, exp.Rate(1, ref step));
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(84, 0.1 + (0.4 * 0.25298221281347033))] // 0.16^0.75
    [InlineData(100, 0.1)]
    public void Poly_EndsAtMinLr(int iteration, double rate)
    {
        SolverParameter parameter = Parameter("poly");
        parameter.MinLr = 0.1f;
        int step = 0;
        Assert.Equal(rate, LearningRatePolicy.Create(parameter).Rate(iteration, ref step), rate * 2e-6);
    }

    [Fact]
    public void MinLr_IsTheFloorOfAnyPolicy()
    {
        SolverParameter parameter = Parameter("step");
        parameter.MinLr = 0.01f;
        LearningRatePolicy policy = LearningRatePolicy.Create(parameter);
        int step = 0;
        Assert.Equal(0.05f, policy.Rate(10, ref step), 1e-8f);
        Assert.Equal(0.01f, policy.Rate(39, ref step));
        Assert.Equal(3, step);
    }

    [Fact]
    public void Rampup_RisesByTheSquareToThePolicy()
    {
        SolverParameter parameter = Parameter("step");
        (parameter.RampupInterval, parameter.RampupLr) = (4, 0.1f);
        LearningRatePolicy policy = LearningRatePolicy.Create(parameter);
        int step = 0;
        double[] expected = [0.1, 0.125, 0.2, 0.325, 0.5];
        for (int iteration = 0; iteration < expected.Length; iteration++)
            Assert.Equal(expected[iteration], policy.Rate(iteration, ref step), 1e-7);
        Assert.Equal(0.05f, policy.Rate(10, ref step), 1e-8f);
    }

    [Theory]
    [InlineData("rampup_interval", -1, 0)]
    [InlineData("min_lr", 0, -0.5)]
    public void Rampup_RefusesNegativeSettings(string field, int interval, float least)
    {
        SolverParameter parameter = Parameter("fixed");
        (parameter.RampupInterval, parameter.MinLr) = (interval, least);
        var failure = Assert.Throws<CaffeException>(() => LearningRatePolicy.Create(parameter));
        Assert.StartsWith(field, failure.Message);
    }

    [Fact]
    public void Plateau_StepsWhereTheLossStaysAboveItsMinimum()
    {
        SolverParameter parameter = Parameter("plateau");
        parameter.PlateauWinsize.Add([3, 2]);
        var notices = new List<string>();
        LearningRatePolicy policy = LearningRatePolicy.Create(parameter);
        policy.Notice = notices.Add;
        float[] losses = [5, 4, 4.5f, 4, 4.25f, 4.5f, 3, 3.5f, 3, float.NaN, 9, 9, 9, 2, 2];
        int step = 0;
        List<int> steps = [];

        // The plain loop: since the minimum, or the last step, so many iterations brought no lower loss.
        List<int> expected = [];
        float least = float.PositiveInfinity;
        int waited = 0, taken = 0;
        for (int iteration = 0; iteration < losses.Length; iteration++)
        {
            Assert.Equal(0.5 * Math.Pow(0.1, taken), policy.Rate(iteration, ref step), 1e-7);
            policy.Observe(iteration, losses[iteration], ref step);
            waited++;
            if (losses[iteration] < least)
                (least, waited) = (losses[iteration], 0);
            else if (waited >= (taken == 0 ? 3 : 2))
                (taken, waited) = (taken + 1, 0);
            steps.Add(step);
            expected.Add(taken);
        }

        Assert.Equal(expected, steps);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4], steps);
        Assert.Equal("Plateau Status: Iteration 4, step = 1, minimum loss 4", notices[0]);
        Assert.Equal(new PlateauState(2, 13), policy.Plateau);
    }

    [Theory]
    [InlineData("is missing")]
    [InlineData("must be > 0, not 5, 0", 5, 0)]
    public void Plateau_RefusesBadWindows(string part, params int[] windows)
    {
        SolverParameter parameter = Parameter("plateau");
        parameter.PlateauWinsize.Add(windows);
        var failure = Assert.Throws<CaffeException>(() => LearningRatePolicy.Create(parameter));
        Assert.Contains($"plateau_winsize {part}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plateau_WaitsForTheEndOfTheRampup()
    {
        SolverParameter parameter = Parameter("plateau");
        parameter.PlateauWinsize.Add(1);
        parameter.RampupInterval = 5;
        LearningRatePolicy policy = LearningRatePolicy.Create(parameter);
        int step = 0;
        for (int iteration = 0; iteration < 5; iteration++)
            policy.Observe(iteration, iteration, ref step);
        Assert.Equal(0, step);
        policy.Observe(5, 5, ref step);
        policy.Observe(6, 6, ref step);
        Assert.Equal(1, step);
        Assert.Equal(new PlateauState(5, 6), policy.Plateau);
    }

    [Fact]
    public void Names_AreThoseOfCaffeAndPlateau() => Assert.Equal(
        ["exp", "fixed", "inv", "multistep", "plateau", "poly", "sigmoid", "step"], LearningRatePolicy.Names);

    [Fact]
    public void Create_SuggestsTheNearestName()
    {
        SolverParameter parameter = Parameter("multi_step");
        SourcePlaces.Set(parameter, new SourcePlace("solver.prototxt", 1, 1));
        CaffeException failure = Assert.Throws<CaffeException>(() => LearningRatePolicy.Create(parameter));
        Assert.Equal(ErrorCodes.BadSolver, failure.Code);
        Assert.StartsWith("solver.prototxt(1,1): error CFA1301: lr_policy 'multi_step' is not known; "
            + "did you mean 'multistep'? (known: exp, fixed,", failure.ToDiagnostic());
    }

    [Theory]
    [InlineData("step")]
    [InlineData("exp")]
    [InlineData("inv")]
    [InlineData("multistep")]
    [InlineData("sigmoid")]
    [InlineData("plateau")]
    public void Create_RefusesNegativeGamma(string name)
    {
        SolverParameter parameter = Parameter(name);
        parameter.Gamma = -0.5f;
        CaffeException failure = Assert.Throws<CaffeException>(() => LearningRatePolicy.Create(parameter));
        Assert.Contains($"gamma must be >= 0 for lr_policy '{name}', not -0.5", failure.Message);
    }

    [Theory]
    [InlineData("step")]
    [InlineData("sigmoid")]
    public void Create_RefusesAMissingStepSize(string name)
    {
        SolverParameter parameter = Parameter(name);
        parameter.ClearStepsize();
        CaffeException failure = Assert.Throws<CaffeException>(() => LearningRatePolicy.Create(parameter));
        Assert.Contains($"stepsize must be > 0 for lr_policy '{name}', not 0", failure.Message);
    }

    [Fact]
    public void Create_RefusesPolyWithoutAnEnd()
    {
        SolverParameter parameter = Parameter("poly");
        parameter.ClearMaxIter();
        CaffeException failure = Assert.Throws<CaffeException>(() => LearningRatePolicy.Create(parameter));
        Assert.Contains("max_iter must be > 0 for lr_policy 'poly', not 0", failure.Message);
    }
}
