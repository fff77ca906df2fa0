using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>The checks of a solver's settings that need neither its nets nor its files.</summary>
public static class SolverValidation
{
    /// <summary>Checks the settings.</summary>
    /// <exception cref="CaffeException">The first of <see cref="Problems"/>.</exception>
    public static void Check(SolverParameter parameter)
    {
        if (Problems(parameter).FirstOrDefault() is { } problem)
            throw problem;
    }

    /// <summary>Everything that is wrong with the settings, with the place of the solver's message.</summary>
    public static IEnumerable<CaffeException> Problems(SolverParameter parameter)
    {
        IEnumerable<string> messages =
            NetProblems(parameter).Concat(TestProblems(parameter)).Concat(NumberProblems(parameter));
        foreach (string message in messages)
            yield return Fail(parameter, message);
        if (parameter.LrPolicy.Length == 0)
        {
            yield return Fail(parameter,
                $"lr_policy is missing; choose one of {string.Join(", ", LearningRatePolicy.Names)}");
        }
        else if (Failure(() => LearningRatePolicy.Create(parameter)) is { } policy)
        {
            yield return policy;
        }

        if (Failure(() => UpdateRule.Create(parameter)) is { } rule)
            yield return rule;
        if (Failure(() => RegularizationOf(parameter)) is { } regularization)
            yield return regularization;
    }

    /// <summary>What the settings ask weight decay to add; without weight decay the type is not looked at.</summary>
    /// <exception cref="CaffeException">There is weight decay of an unknown type.</exception>
    internal static Regularization RegularizationOf(SolverParameter parameter)
    {
        if (parameter.RegularizationType == nameof(Regularization.L1))
            return Regularization.L1;
        if (parameter.RegularizationType == nameof(Regularization.L2) || parameter.WeightDecay == 0)
            return Regularization.L2;
        throw UnknownName(
            parameter, "regularization_type", parameter.RegularizationType, Enum.GetNames<Regularization>());
    }

    /// <summary>A failure of the settings.</summary>
    internal static CaffeException Fail(SolverParameter parameter, string message) =>
        new(ErrorCodes.BadSolver, FailureKind.Configuration, message, SourcePlaces.Of(parameter));

    /// <summary>The failure of a name that nothing has.</summary>
    internal static CaffeException UnknownName(
        SolverParameter parameter, string field, string name, IReadOnlyCollection<string> known)
    {
        string suggestion = Nearest.Of(name, known) is { } near ? $"; did you mean '{near}'?" : "";
        return Fail(parameter, $"{field} '{name}' is not known{suggestion} (known: {string.Join(", ", known)})");
    }

    private static IEnumerable<string> NetProblems(SolverParameter parameter)
    {
        string[] given =
        [
            .. parameter.HasNet ? ["net"] : Array.Empty<string>(),
            .. parameter.NetParam is not null ? ["net_param"] : Array.Empty<string>(),
            .. parameter.HasTrainNet ? ["train_net"] : Array.Empty<string>(),
            .. parameter.TrainNetParam is not null ? ["train_net_param"] : Array.Empty<string>(),
        ];
        if (given.Length != 1)
        {
            yield return "there must be exactly one of net, net_param, train_net and train_net_param, "
                + (given.Length == 0 ? "and none is given" : $"not {string.Join(" and ", given)}");
        }
    }

    private static IEnumerable<string> TestProblems(SolverParameter parameter)
    {
        bool generic = parameter.HasNet || parameter.NetParam is not null;
        int named = parameter.TestNetParam.Count + parameter.TestNet.Count;
        int counts = parameter.TestIter.Count;
        if (generic ? counts < named : counts != named)
        {
            yield return $"test_iter is given {counts} time(s), but there are {named} test net(s) in test_net and "
                + $"test_net_param; give it {(generic ? "at least " : "")}once for each";
        }

        // Counts beyond the named test nets are for instances of the generic net.
        int nets = generic ? Math.Max(counts, named) : named;
        if (parameter.TestState.Count != 0 && parameter.TestState.Count != nets)
        {
            yield return $"test_state is given {parameter.TestState.Count} time(s) for {nets} test net(s); "
                + "give it once for each, or not at all";
        }

        if (nets > 0 && parameter.TestInterval <= 0)
            yield return $"with {nets} test net(s) test_interval must be > 0, not {parameter.TestInterval}";
        foreach (int count in parameter.TestIter)
        {
            if (count < 0)
                yield return $"test_iter must not be negative ({count})";
        }
    }

    private static IEnumerable<string> NumberProblems(SolverParameter parameter)
    {
        if (parameter.AverageLoss < 1)
            yield return $"average_loss must be at least 1, not {parameter.AverageLoss}";
        if (parameter.IterSize < 1)
            yield return $"iter_size must be at least 1, not {parameter.IterSize}";
        (string Field, int Value)[] counts =
        [
            ("max_iter", parameter.MaxIter), ("display", parameter.Display), ("snapshot", parameter.Snapshot),
            ("test_interval", parameter.TestInterval),
        ];
        foreach ((string field, int value) in counts)
        {
            if (value < 0)
                yield return $"{field} must not be negative ({value})";
        }

        (string Field, float Value)[] numbers =
        [
            ("base_lr", parameter.BaseLr), ("gamma", parameter.Gamma), ("power", parameter.Power),
            ("momentum", parameter.Momentum), ("momentum2", parameter.Momentum2),
            ("rms_decay", parameter.RmsDecay), ("delta", parameter.Delta),
            ("weight_decay", parameter.WeightDecay), ("clip_gradients", parameter.ClipGradients),
        ];
        foreach ((string field, float value) in numbers)
        {
            if (!float.IsFinite(value))
                yield return $"{field} must be a number, not {value}";
        }
    }

    private static CaffeException? Failure(Func<object> make)
    {
        try
        {
            make();
            return null;
        }
        catch (CaffeException failure)
        {
            return failure;
        }
    }
}
