namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>What of a convolution is computed.</summary>
public enum ConvolutionPass
{
    /// <summary>The outputs.</summary>
    Forward,

    /// <summary>The inputs' gradient.</summary>
    DataGradient,

    /// <summary>The weights' gradient.</summary>
    WeightGradient,
}
