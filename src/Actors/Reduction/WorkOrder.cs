namespace CaffeActors.Actors.Reduction;

/// <summary>
/// Where reduction stands among a device's work: before all forward and backward passes that are ready with it. A sum
/// holds up the replicas above, an update or a copy those below, and all of them wait at most for one layer; the
/// device's own passes lose nothing, since the same work is to be done either way and what is left for the end of the
/// pass is the last bucket alone. Within a kind the bucket that was complete first goes first.
/// </summary>
internal static class WorkOrder
{
    private const int Room = 1 << 20;

    /// <summary>Adding a bucket of gradients.</summary>
    public static int Sum(int bucket) => bucket - (3 * Room);

    /// <summary>Updating a bucket of parameters.</summary>
    public static int Update(int bucket) => bucket - (2 * Room);

    /// <summary>Taking over a bucket of parameters.</summary>
    public static int Copy(int bucket) => bucket - Room;
}
