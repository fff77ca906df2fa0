using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>y[i] = value.</summary>
internal readonly struct FillBody(Values y, float value) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => y.Set(i, value);
}

/// <summary>y[i] = factor * x[i].</summary>
internal readonly struct ScaleBody(Values x, Values y, float factor) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => y.Set(i, factor * x[i]);
}

/// <summary>y[i] = x[i].</summary>
internal readonly struct CopyBody(Values x, Values y) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => y.Set(i, x[i]);
}

/// <summary>y[i] += factor * x[i].</summary>
internal readonly struct AddScaledBody(Values x, Values y, float factor) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => y.Add(i, factor * x[i]);
}
