using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The learning rate as a function of the iteration. Powers of integer steps are taken in double, all else in float,
/// as Caffe's float nets do.
/// </summary>
/// <param name="parameter">The solver's message.</param>
public abstract class LearningRatePolicy(SolverParameter parameter)
{
    private static readonly Catalog<LearningRatePolicy, LearningRatePolicyAttribute, SolverParameter> _catalog =
        new(typeof(LearningRatePolicy).Assembly);

    /// <summary>The known policies, sorted.</summary>
    public static IReadOnlyCollection<string> Names => _catalog.Names;

    /// <summary>Takes remarks meant for the log, one line each. Default: nobody listens.</summary>
    public virtual Action<string>? Notice { get; set; }

    /// <summary><c>base_lr</c>, default 0.</summary>
    protected float BaseLr { get; } = parameter.BaseLr;

    /// <summary>What a policy that watches the loss goes on from, part of a solver's state; null for all
    /// others.</summary>
    public virtual PlateauState? Plateau
    {
        get => null;
        set { }
    }

    /// <summary>Makes the policy a message names, with its rampup and least rate.</summary>
    /// <exception cref="CaffeException">No policy has the name, or its settings are out of range.</exception>
    public static LearningRatePolicy Create(SolverParameter parameter)
    {
        LearningRatePolicy policy = _catalog.Create(parameter.LrPolicy, parameter)
            ?? throw SolverValidation.UnknownName(parameter, "lr_policy", parameter.LrPolicy, Names);
        return parameter.RampupInterval != 0 || parameter.MinLr != 0 ? new RampUp(parameter, policy) : policy;
    }

    /// <summary>The rate of an iteration; to be asked for once in each, in order.</summary>
    /// <param name="iteration">Updates done so far.</param>
    /// <param name="currentStep">Steps taken so far, part of a solver's state; policies that step change it.</param>
    public abstract float Rate(int iteration, ref int currentStep);

    /// <summary>Hears the loss of an iteration after its update; to be told once for each, in order. Default: it does
    /// not matter.</summary>
    /// <param name="iteration">Updates done before it.</param>
    /// <param name="loss">Its loss, as displayed: the mean of the last <c>average_loss</c> iterations.</param>
    /// <param name="currentStep">Steps taken so far.</param>
    public virtual void Observe(int iteration, float loss, ref int currentStep)
    {
    }

    /// <summary>The message's <c>gamma</c>, default 0.</summary>
    /// <exception cref="CaffeException">It is negative or no number.</exception>
    protected static float GammaOf(SolverParameter parameter) =>
        parameter.Gamma >= 0
            ? parameter.Gamma
            : throw Fail(
                parameter, "gamma", $"must be >= 0 for lr_policy '{parameter.LrPolicy}', not {parameter.Gamma}");

    /// <summary>The message's <c>stepsize</c>.</summary>
    /// <exception cref="CaffeException">It is missing or not positive.</exception>
    protected static int StepSizeOf(SolverParameter parameter) =>
        parameter.Stepsize > 0
            ? parameter.Stepsize
            : throw Fail(
                parameter, "stepsize", $"must be > 0 for lr_policy '{parameter.LrPolicy}', not {parameter.Stepsize}");

    /// <summary>A failure of the solver's settings.</summary>
    /// <param name="parameter">The settings.</param>
    /// <param name="field">The field at fault, the message's first word.</param>
    /// <param name="problem">The rest of the message.</param>
    protected static CaffeException Fail(SolverParameter parameter, string field, string problem) =>
        SolverValidation.Fail(parameter, field, problem);
}
