namespace CaffeActors.Data.Images;

/// <summary>What is seen beyond the edge of an image that was turned or made smaller.</summary>
public enum BorderRule
{
    /// <summary>The pixel at the edge, over and over.</summary>
    Repeat,

    /// <summary>The image itself, reflected at the pixel at the edge.</summary>
    Reflect,

    /// <summary>One value.</summary>
    Fill,
}
