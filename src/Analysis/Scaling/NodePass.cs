namespace CaffeActors.Analysis.Scaling;

/// <summary>What one node does in an iteration by itself.</summary>
/// <param name="Seconds">Its forward and backward passes.</param>
/// <param name="Update">Seconds of the update after them.</param>
/// <param name="Buckets">Its gradients, in the order in which they become complete.</param>
public sealed record NodePass(double Seconds, double Update, IReadOnlyList<PassBucket> Buckets)
{
    /// <summary>The pass over another number of images: its time changes in proportion, the update's does
    /// not.</summary>
    /// <param name="factor">How many times as many, above 0.</param>
    public NodePass Times(double factor) => this with
    {
        Seconds = Seconds * factor,
        Buckets = [.. Buckets.Select(bucket => bucket with { Ready = bucket.Ready * factor })],
    };
}
