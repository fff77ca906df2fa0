namespace CaffeActors.Compute.Nets.Memory;

/// <summary>Of which blobs around it a layer reads the data when it runs backward.</summary>
[Flags]
public enum GradientReads
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The bottoms'.</summary>
    Bottoms = 1,

    /// <summary>The tops'.</summary>
    Tops = 2,

    /// <summary>Both.</summary>
    All = Bottoms | Tops,
}
