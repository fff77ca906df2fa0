using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Solvers;

/// <summary>One update of one parameter: everything that depends neither on the rule nor on where its memory
/// is.</summary>
public readonly struct ParamUpdate
{
    /// <summary>Multiplies the gradient first: the clip factor.</summary>
    public required float GradientScale { get; init; }

    /// <summary>Multiplies the gradient next: 1 / iter_size.</summary>
    public required float Normalization { get; init; }

    /// <summary>What <see cref="Decay"/> multiplies.</summary>
    public required Regularization Regularization { get; init; }

    /// <summary>λ = weight_decay * decay_mult.</summary>
    public required float Decay { get; init; }

    /// <summary>α = rate * lr_mult.</summary>
    public required float LocalRate { get; init; }

    /// <summary>μ, the momentum of the iteration; rules without one do not read it.</summary>
    public required float Momentum { get; init; }

    /// <summary>Updates done so far, of all parameters together.</summary>
    public required int Iteration { get; init; }

    /// <summary>Whether the gradient is zeroed for the next iteration instead of keeping Δ: on the CPU by the caller
    /// (<see cref="Blob.ClearDiff"/>), on an accelerator by the update.</summary>
    public required bool ClearGradient { get; init; }
}
