namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>What computes plain matrix products on an accelerator.</summary>
public enum GpuBlas
{
    /// <summary>cuBLAS on a CUDA device where it can be loaded, else the engine's own kernels.</summary>
    Auto,

    /// <summary>The engine's own kernels.</summary>
    Own,

    /// <summary>cuBLAS; a failure where it cannot be loaded.</summary>
    CuBlas,
}
