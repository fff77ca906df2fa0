namespace CaffeActors.Compute.Solvers;

/// <summary>What weight decay adds to the gradient of a weight w; λ = weight_decay * decay_mult.</summary>
public enum Regularization
{
    /// <summary>λ * w: the gradient of λ/2 * w².</summary>
    L2,

    /// <summary>λ * sign(w), with sign(0) = 0: the gradient of λ * |w|.</summary>
    L1,
}
