namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>A one-dimensional transform of a source: what a tile holds along an axis, to 6.</summary>
internal unsafe interface ITileLine
{
    /// <summary>Transforms vectors of 16 channels.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">Floats from one to the next.</param>
    /// <param name="to">The first of 6.</param>
    /// <param name="toStep">Floats from one to the next.</param>
    static abstract void Apply(float* from, nint step, float* to, nint toStep);
}
