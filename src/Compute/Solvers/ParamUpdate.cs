namespace CaffeActors.Compute.Solvers;

/// <summary>One update of one parameter: its memory and everything that does not depend on the rule.</summary>
public readonly unsafe struct ParamUpdate
{
    /// <summary>Number of elements of each array.</summary>
    public required int Count { get; init; }

    /// <summary>The weights w; they become w - Δ.</summary>
    public required float* Weights { get; init; }

    /// <summary>The accumulated gradient; it becomes Δ, or 0 where <see cref="ClearGradient"/> is set.</summary>
    public required float* Gradient { get; init; }

    /// <summary>The first block of history.</summary>
    public required float* History { get; init; }

    /// <summary>The second block of history; null where the rule has one.</summary>
    public required float* SecondHistory { get; init; }

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

    /// <summary>Whether the gradient is zeroed for the next iteration instead of keeping Δ.</summary>
    public required bool ClearGradient { get; init; }
}
