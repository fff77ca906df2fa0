namespace CaffeActors.Data.Nets.Drawing;

/// <summary>What kind of layer one is, as pictures colour it.</summary>
public enum LayerKind
{
    /// <summary>Brings data into the net.</summary>
    Data,

    /// <summary>Convolutions.</summary>
    Convolution,

    /// <summary>Other layers that learn: inner products, embeddings, scales.</summary>
    Weights,

    /// <summary>Recurrent layers.</summary>
    Recurrent,

    /// <summary>Poolings.</summary>
    Pooling,

    /// <summary>Functions of single values.</summary>
    Activation,

    /// <summary>Normalizations.</summary>
    Normalization,

    /// <summary>Losses and measures.</summary>
    Loss,

    /// <summary>All else: what joins, cuts and reshapes blobs.</summary>
    Other,
}
