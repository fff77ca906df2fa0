using CaffeActors.Compute.Backends.Gpu;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The formula of an update rule on one element, as accelerators compute it: what <see cref="IElementRule"/> is for 16.
/// A struct of the rule's factors for one iteration. The rules of <see cref="IGpuBody"/> hold.
/// </summary>
public interface IGpuElementRule
{
    /// <summary>Updates the history and returns Δ, which is subtracted from the weight.</summary>
    /// <param name="g">The gradient, normalized and regularized.</param>
    /// <param name="h">The first block of history.</param>
    /// <param name="h2">The second block of history; undefined for rules with one.</param>
    float Step(float g, ref float h, ref float h2);
}
