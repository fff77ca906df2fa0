namespace CaffeActors.Compute.Reduction;

/// <summary>What one node takes of each batch.</summary>
/// <param name="Offset">Records of the batch before its own.</param>
/// <param name="Records">Records that it takes in a row; 0 where the net reads none.</param>
/// <param name="Devices">How many of its devices share them equally, at least 1.</param>
public sealed record NodeShare(long Offset, long Records, int Devices);
