namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>A function of one number, as kernels apply it. The rules of <see cref="IGpuBody"/> hold.</summary>
public interface IGpuFunction
{
    /// <summary>Its value.</summary>
    float Invoke(float x);
}

/// <summary>A function of two numbers, as kernels apply it. The rules of <see cref="IGpuBody"/> hold.</summary>
public interface IGpuFunction2
{
    /// <summary>Its value.</summary>
    float Invoke(float a, float b);
}
