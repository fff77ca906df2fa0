namespace CaffeActors.Actors.Training;

/// <summary>The numbers of a group's passes among those of the whole batch, from which their random numbers follow:
/// who runs a pass does not matter.</summary>
/// <param name="Iteration">How far the passes of two iterations are apart.</param>
/// <param name="First">The number of the first replica's first pass.</param>
/// <param name="Replica">How far two replicas' passes are apart.</param>
/// <param name="Pass">How far two passes of one replica are apart.</param>
internal sealed record PassNumbers(long Iteration, long First, long Replica, long Pass)
{
    /// <summary>The number of a pass.</summary>
    /// <param name="iteration">Updates done before it.</param>
    /// <param name="rank">The replica in this process.</param>
    /// <param name="pass">Which of its passes in the iteration, from 0.</param>
    public long Of(int iteration, int rank, int pass) =>
        (iteration * Iteration) + First + (rank * Replica) + (pass * Pass);
}
