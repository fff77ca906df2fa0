using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>Looks for settings of a solver that are allowed and yet can hardly be meant, above all by asking the
/// learning-rate policy for the rates of the whole run.</summary>
/// <param name="solver">The solver, without errors.</param>
/// <param name="findings">Hears of them.</param>
internal sealed class RateCheck(SolverParameter solver, Findings findings)
{
    // More rates than this are sampled.
    private const int MostRates = 100_000;

    // Beyond this even solvers that scale their updates themselves (AdaDelta's rate is 1) get nowhere.
    private const float HighRate = 10;

    // A rate so much smaller than the highest does not change a weight of 32 bits any more.
    private const double Vanished = 1e-7;

    private bool IsConstant => solver.LrPolicy is "fixed" or "plateau";

    /// <summary>Looks at the solver.</summary>
    public void Look()
    {
        if (solver.MaxIter == 0)
            Warn("max_iter", "is 0, so nothing is trained");
        if (solver.BaseLr <= 0)
            Warn("base_lr", $"is {Text(solver.BaseLr)}, so nothing is learned; give a rate above 0");
        else if (solver.BaseLr > HighRate)
            Warn("base_lr", $"is {Text(solver.BaseLr)}, far above the rates that nets are trained with");
        else
            LookAtRates();
        LookAtSteps();
        if (solver.Momentum is < 0 or >= 1)
            Warn("momentum", $"is {Text(solver.Momentum)}; updates shrink only where it is at least 0 and below 1");
        if (solver.WeightDecay is < 0 or >= 1)
            Warn("weight_decay", $"is {Text(solver.WeightDecay)}; a usual value is 0.0005");
        if (solver.Snapshot == 0 && !solver.SnapshotAfterTrain)
            Warn("snapshot_after_train", "is false, and no snapshot is asked for: what was learned is lost");
        foreach (int wanted in solver.TestIter.Where(count => count == 0))
            Warn("test_iter", $"is {wanted}, so this test net measures nothing");
    }

    private void LookAtRates()
    {
        var policy = LearningRatePolicy.Create(solver);
        int step = 0, stride = Math.Max(1, solver.MaxIter / MostRates);
        float first = policy.Rate(0, ref step), highest = first, lowest = first;
        int vanished = -1;
        for (int i = stride; i < solver.MaxIter; i += stride)
        {
            float rate = policy.Rate(i, ref step);
            if (!float.IsFinite(rate) || rate < 0)
            {
                Warn("lr_policy", $"'{solver.LrPolicy}' gives the rate {Text(rate)} at iteration {i}");
                return;
            }

            (highest, lowest) = (Math.Max(highest, rate), Math.Min(lowest, rate));
            if (rate > Vanished * highest)
                vanished = -1;
            else if (vanished < 0)
                vanished = i;
        }

        if (vanished >= 0 && vanished < 0.9 * solver.MaxIter)
        {
            Warn(solver.HasGamma ? "gamma" : "lr_policy", $"lets the rate fall to {Text(lowest)}: from iteration "
                + $"{vanished} of {solver.MaxIter} on nothing is learned (lr_policy '{solver.LrPolicy}', gamma "
                + $"{Text(solver.Gamma)})");
        }
        else if (!IsConstant && highest == lowest && solver.MaxIter > 0)
        {
            Warn("lr_policy", $"'{solver.LrPolicy}' never changes the rate, {Text(first)}, within {solver.MaxIter} "
                + $"iterations (gamma {Text(solver.Gamma)}, power {Text(solver.Power)}, stepsize {solver.Stepsize})");
        }
        else if (highest > HighRate)
        {
            Warn("lr_policy", $"'{solver.LrPolicy}' lets the rate grow to {Text(highest)}");
        }
    }

    private void LookAtSteps()
    {
        for (int i = 0; i < solver.Stepvalue.Count; i++)
        {
            if (i > 0 && solver.Stepvalue[i] <= solver.Stepvalue[i - 1])
            {
                Warn("stepvalue", $"{solver.Stepvalue[i]} follows {solver.Stepvalue[i - 1]}; the values are iterations "
                    + "in rising order");
            }

            if (solver.LrPolicy == "multistep" && solver.MaxIter > 0 && solver.Stepvalue[i] >= solver.MaxIter)
                Warn("stepvalue", $"{solver.Stepvalue[i]} is never reached: max_iter is {solver.MaxIter}");
        }

        if (solver.LrPolicy == "multistep" && solver.Stepvalue.Count == 0)
            Warn("lr_policy", "'multistep' has no stepvalue, so the rate never changes");
    }

    private void Warn(string field, string problem) => findings.Warn(
        ErrorCodes.DoubtfulSolver, $"{field} {problem}", SourcePlaces.OfField(solver, field));

    private static string Text(float value) => value.ToString("g6", CultureInfo.InvariantCulture);
}
