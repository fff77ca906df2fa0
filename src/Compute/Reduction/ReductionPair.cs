namespace CaffeActors.Compute.Reduction;

/// <summary>Two replicas of which one adds the other's gradients to its own.</summary>
/// <param name="Parent">Rank of the one that adds, and that hands new parameters down.</param>
/// <param name="Child">Rank of the one whose gradients are taken; greater than the parent's.</param>
/// <param name="Round">Round of the tree, from 0: pairs of one round have no replica in common.</param>
public sealed record ReductionPair(int Parent, int Child, int Round);
