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

    /// <summary>Everything that is wrong with the settings, each with the place of its field.</summary>
    public static IEnumerable<CaffeException> Problems(SolverParameter parameter)
    {
        IEnumerable<(string Field, string Problem)> problems =
            NetProblems(parameter).Concat(TestProblems(parameter)).Concat(NumberProblems(parameter));
        foreach ((string field, string problem) in problems)
            yield return Fail(parameter, field, problem);
        if (Failure(() => LearningRatePolicy.Create(parameter)) is { } policy)
            yield return policy;
        if (Failure(() => UpdateRule.Create(parameter)) is { } rule)
            yield return rule;
        if (Failure(() => RegularizationOf(parameter)) is { } regularization)
            yield return regularization;
        if (Failure(() => new MomentumSchedule(parameter)) is { } momentum)
            yield return momentum;
        if (Failure(() => new WeightDecaySchedule(parameter)) is { } decay)
            yield return decay;
        if (Failure(() => Larc.Of(parameter, 0)) is { } larc)
            yield return larc;
    }

    /// <summary>What the settings ask weight decay to add; without weight decay the type is not looked at.</summary>
    /// <exception cref="CaffeException">There is weight decay of an unknown type.</exception>
    internal static Regularization RegularizationOf(SolverParameter parameter)
    {
        if (parameter.RegularizationType == nameof(Regularization.L1))
            return Regularization.L1;
        bool decays = parameter.WeightDecay != 0
            || (parameter.WeightDecayPolicy == "poly" && parameter.MaxWeightDecay != 0);
        if (parameter.RegularizationType == nameof(Regularization.L2) || !decays)
            return Regularization.L2;
        throw UnknownName(
            parameter, "regularization_type", parameter.RegularizationType, Enum.GetNames<Regularization>());
    }

    /// <summary>A failure of the settings.</summary>
    /// <param name="parameter">The settings.</param>
    /// <param name="field">The field at fault, the message's first word.</param>
    /// <param name="problem">The rest of the message.</param>
    internal static CaffeException Fail(SolverParameter parameter, string field, string problem) =>
        new(ErrorCodes.BadSolver, FailureKind.Configuration, $"{field} {problem}",
            SourcePlaces.OfField(parameter, field));

    /// <summary>The failure of a name that nothing has.</summary>
    internal static CaffeException UnknownName(
        SolverParameter parameter, string field, string name, IReadOnlyCollection<string> known)
    {
        if (name.Length == 0)
            return Fail(parameter, field, $"is missing; choose one of {string.Join(", ", known)}");
        string suggestion = Nearest.Of(name, known) is { } near ? $"; did you mean '{near}'?" : "";
        return Fail(parameter, field, $"'{name}' is not known{suggestion} (known: {string.Join(", ", known)})");
    }

    private static IEnumerable<(string Field, string Problem)> NetProblems(SolverParameter parameter)
    {
        const string Rule = "give exactly one of net, net_param, train_net and train_net_param";
        (string Field, bool Given)[] fields =
        [
            ("net", parameter.HasNet), ("net_param", parameter.NetParam is not null),
            ("train_net", parameter.HasTrainNet), ("train_net_param", parameter.TrainNetParam is not null),
        ];
        string[] given = [.. fields.Where(field => field.Given).Select(field => field.Field)];
        if (given.Length == 0)
            yield return ("net", $"is missing; {Rule}");
        if (given.Length > 1)
            yield return (given[1], $"cannot stand beside {given[0]}; {Rule}");
    }

    private static IEnumerable<(string Field, string Problem)> TestProblems(SolverParameter parameter)
    {
        bool generic = parameter.HasNet || parameter.NetParam is not null;
        int named = parameter.TestNetParam.Count + parameter.TestNet.Count;
        int counts = parameter.TestIter.Count;
        if (generic ? counts < named : counts != named)
        {
            yield return ("test_iter", $"is given {counts} time(s) for {named} test net(s) in test_net and "
                + $"test_net_param; give it {(generic ? "at least " : "")}once for each");
        }

        // Counts beyond the named test nets are for instances of the generic net.
        int nets = generic ? Math.Max(counts, named) : named;
        if (parameter.TestState.Count != 0 && parameter.TestState.Count != nets)
        {
            yield return ("test_state", $"is given {parameter.TestState.Count} time(s) for {nets} test net(s); "
                + "give it once for each, or not at all");
        }

        if (nets > 0 && parameter.TestInterval <= 0)
            yield return ("test_interval", $"must be > 0 with {nets} test net(s), not {parameter.TestInterval}");
        foreach (int count in parameter.TestIter)
        {
            if (count < 0)
                yield return ("test_iter", $"must be at least 0, not {count}");
        }
    }

    private static IEnumerable<(string Field, string Problem)> NumberProblems(SolverParameter parameter)
    {
        (string Field, int Value, int Least)[] counts =
        [
            ("average_loss", parameter.AverageLoss, 1), ("iter_size", parameter.IterSize, 1),
            ("max_iter", parameter.MaxIter, 0), ("display", parameter.Display, 0),
            ("snapshot", parameter.Snapshot, 0), ("test_interval", parameter.TestInterval, 0),
        ];
        foreach ((string field, int value, int least) in counts)
        {
            if (value < least)
                yield return (field, $"must be at least {least}, not {value}");
        }

        (string Field, float Value)[] numbers =
        [
            ("base_lr", parameter.BaseLr), ("gamma", parameter.Gamma), ("power", parameter.Power),
            ("momentum", parameter.Momentum), ("momentum2", parameter.Momentum2),
            ("rms_decay", parameter.RmsDecay), ("delta", parameter.Delta),
            ("weight_decay", parameter.WeightDecay), ("clip_gradients", parameter.ClipGradients),
            ("rampup_lr", parameter.RampupLr), ("min_lr", parameter.MinLr), ("max_momentum", parameter.MaxMomentum),
            ("momentum_power", parameter.MomentumPower), ("weight_decay_power", parameter.WeightDecayPower),
            ("max_weight_decay", parameter.MaxWeightDecay),
        ];
        foreach ((string field, float value) in numbers)
        {
            if (!float.IsFinite(value))
                yield return (field, $"must be a number, not {value}");
        }
    }

    private static CaffeException? Failure(Func<object?> make)
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
