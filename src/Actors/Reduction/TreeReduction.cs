using System.Globalization;
using Akka.Actor;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Reduction;

/// <summary>Reduction along the plan's tree of pairs: a reducer for each.</summary>
internal static class TreeReduction
{
    /// <summary>Starts the reducers and tells replicas of them.</summary>
    /// <param name="context">Their parent, which hears of failures.</param>
    /// <param name="wiring">Its replicas are there.</param>
    public static void Start(IActorContext context, ReductionWiring wiring)
    {
        ReductionPlan plan = wiring.Group.Plan;
        // From the last round to the first: who takes what a pair has summed is there before it. A replica's pairs of
        // later rounds, the greater part of the tree, get its parameters first.
        foreach (ReductionPair pair in plan.Pairs.Reverse())
        {
            IActorRef next = wiring.Up[pair.Parent];
            IActorRef reducer = context.ActorOf(
                PairReducerActor.Props(wiring, pair, next).WithDispatcher(Dispatchers.Replica(pair.Parent)),
                string.Create(CultureInfo.InvariantCulture, $"pair-{pair.Parent}-{pair.Child}"));
            wiring.Up[pair.Parent] = wiring.Up[pair.Child] = reducer;
            wiring.Down[pair.Parent] = [.. wiring.Down[pair.Parent], reducer];
        }
    }
}
