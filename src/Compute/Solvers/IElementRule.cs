using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The formula of an update rule, on 16 elements at once. A struct that holds the rule's factors for one iteration.
/// Only +, -, *, / and square roots, each rounded by itself (no fused multiply-add), so that every machine computes
/// the same bits.
/// </summary>
public interface IElementRule
{
    /// <summary>Blocks of history the rule keeps: 1 or 2.</summary>
    static abstract int HistoryBlocks { get; }

    /// <summary>Updates the history and returns Δ, which is subtracted from the weights.</summary>
    /// <param name="g">The gradient, normalized and regularized.</param>
    /// <param name="h">The first block of history.</param>
    /// <param name="h2">The second block of history; undefined for rules with one.</param>
    Vector512<float> Step(Vector512<float> g, ref Vector512<float> h, ref Vector512<float> h2);
}
