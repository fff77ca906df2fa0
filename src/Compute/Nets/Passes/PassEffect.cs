namespace CaffeActors.Compute.Nets.Passes;

/// <summary>What a pass did in one place of a net.</summary>
/// <param name="Pass">The pass.</param>
/// <param name="Layer">The layer that does more than its own work, or, where none is absorbed, less.</param>
/// <param name="Absorbed">The layers whose work it does, in their order; they have less or nothing left to do.</param>
/// <param name="ForwardBytes">Bytes that a forward pass need not read and write any more.</param>
/// <param name="BackwardBytes">Likewise backward.</param>
/// <param name="KeptBytes">Bytes of memory taken for it.</param>
public sealed record PassEffect(
    NetPasses Pass, string Layer, IReadOnlyList<string> Absorbed, long ForwardBytes, long BackwardBytes,
    long KeptBytes);
