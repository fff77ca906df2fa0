namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// What a net is going to be used for. With that its blobs need memory only while layers still read them
/// (docs/memory.md); without it each keeps its own, since anybody may look at it at any time.
/// </summary>
/// <param name="Backward">Whether it runs backward after each forward pass, whole; if not it must not.</param>
/// <param name="Kept">Names of blobs that somebody reads after a pass. Inputs, outputs and what layers without bottoms
/// make are kept anyway.</param>
public sealed record NetUse(bool Backward, params IReadOnlyCollection<string> Kept)
{
    /// <summary>What is computed again in the backward pass instead of being kept for it. Default nothing.</summary>
    public Recompute Recompute { get; init; }
}
