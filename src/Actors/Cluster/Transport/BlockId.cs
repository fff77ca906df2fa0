namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Which bytes a block holds, among those that two nodes exchange in an epoch.</summary>
/// <param name="Stream">What they are.</param>
/// <param name="Iteration">The iteration that they belong to.</param>
/// <param name="Index">Which bucket of parameters, or which part of the state.</param>
internal readonly record struct BlockId(BlockStream Stream, int Iteration, int Index);
