using CaffeActors.Compute.Backends.Gpu;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>What kernels multiply a loss' gradient by, loss weight / divisor: the weight stands in the top's diff on
/// the accelerator, and need not come from there.</summary>
/// <param name="weight">The top's diff, one number.</param>
/// <param name="divisor">What the loss was divided by.</param>
public readonly struct LossScale(Values weight, float divisor)
{
    /// <summary>The factor.</summary>
    public float Value => weight[0] / divisor;
}
