namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>One spatial axis of a convolution.</summary>
/// <param name="Input">Length of the input.</param>
/// <param name="Kernel">Length of the kernel, at least 1.</param>
/// <param name="Stride">Step of the kernel, at least 1.</param>
/// <param name="Pad">Zeros on each side.</param>
/// <param name="Dilation">Step between the kernel's cells; 0 puts all of them on one place.</param>
public readonly record struct SpatialAxis(int Input, int Kernel, int Stride, int Pad, int Dilation)
{
    /// <summary>Length the kernel covers: dilation * (kernel - 1) + 1.</summary>
    public int Extent => (Dilation * (Kernel - 1)) + 1;

    /// <summary>
    /// Length of the output: (input + 2 * pad - extent) / stride + 1, the division rounding towards zero. A kernel
    /// that hangs over the padded input by less than a stride thus still gives one output.
    /// </summary>
    public int Output => ((Input + (2 * Pad) - Extent) / Stride) + 1;

    /// <summary>Whether each output depends on one input alone, the one at its own place.</summary>
    internal bool IsPointwise => Kernel == 1 && Stride == 1 && Pad == 0;
}
