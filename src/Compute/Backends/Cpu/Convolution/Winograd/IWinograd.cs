namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// The one-dimensional transforms of a Winograd convolution F(m, r): m outputs of an r-tap correlation from
/// m + r - 1 = 6 products. In two dimensions each is applied to the columns and then to the rows:
/// Y = A'[(G g G') * (B' d B)]A (Lavin and Gray, 2016, after Winograd, 1980), with the points 0, 1, -1, 2, -2 and
/// infinity, so that B is the same for all m. The weights' gradient is its transpose: G'[(A dy A') * (B' d B)]G.
/// A line reads vectors of 16 channels at steps of floats, and writes likewise.
/// </summary>
internal unsafe interface IWinograd
{
    /// <summary>m, the side of the outputs of a tile.</summary>
    static abstract int Outputs { get; }

    /// <summary>r, the side of the kernel.</summary>
    static abstract int Taps { get; }

    /// <summary>G: r taps to 6.</summary>
    static abstract void Filter(float* from, nint step, float* to, nint toStep);

    /// <summary>A transposed: 6 products to m outputs.</summary>
    static abstract void Output(float* from, nint step, float* to, nint toStep);

    /// <summary>A: m output gradients to 6.</summary>
    static abstract void OutputGradient(float* from, nint step, float* to, nint toStep);

    /// <summary>G transposed: 6 products to the gradients of r taps.</summary>
    static abstract void FilterGradient(float* from, nint step, float* to, nint toStep);
}
