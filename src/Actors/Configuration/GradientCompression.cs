namespace CaffeActors.Actors.Configuration;

/// <summary>How gradients travel between nodes.</summary>
public enum GradientCompression
{
    /// <summary>In 32 bits.</summary>
    Off,

    /// <summary>In 16 bits; what rounding takes away is added to the next iteration's.</summary>
    Fp16,
}
