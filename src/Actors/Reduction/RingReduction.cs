using System.Globalization;
using Akka.Actor;

namespace CaffeActors.Actors.Reduction;

/// <summary>
/// Reduction around a ring. A bucket is cut into as many chunks as there are replicas; chunk c starts at rank c and
/// goes round, each rank adding its own, so that all are busy at once; the sums are gathered at the root, where the
/// one update is made, and the new parameters go round.
/// </summary>
internal static class RingReduction
{
    /// <summary>Starts a reducer for each replica and tells replicas of them.</summary>
    /// <param name="context">Their parent, which hears of failures.</param>
    /// <param name="wiring">Its replicas are there.</param>
    public static void Start(IActorContext context, ReductionWiring wiring)
    {
        int count = wiring.Replicas.Length;
        if (count == 1)
            return;
        for (int rank = 0; rank < count; rank++)
        {
            wiring.Up[rank] = context.ActorOf(
                RingReducerActor.Props(wiring, rank).WithDispatcher(Dispatchers.Replica(rank)),
                string.Create(CultureInfo.InvariantCulture, $"ring-{rank}"));
        }

        // The root hands its parameters to the next one, which hands them on itself.
        wiring.Down[0] = [wiring.Up[1]];
    }
}
