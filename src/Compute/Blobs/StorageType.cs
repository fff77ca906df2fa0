namespace CaffeActors.Compute.Blobs;

/// <summary>How the numbers of a blob are kept where it is stored. Layers compute with 32-bit floats, always.</summary>
public enum StorageType
{
    /// <summary>32 bits, IEEE 754. The default.</summary>
    Float32,

    /// <summary>16 bits, IEEE 754: 11 significant bits, values from 6e-8 to 65504.</summary>
    Float16,

    /// <summary>16 bits, the upper half of a 32-bit float: 8 significant bits, its whole range.</summary>
    BFloat16,
}
