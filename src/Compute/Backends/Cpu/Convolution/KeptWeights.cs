using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// Weights in the form a kernel reads them in, kept from call to call: for nets whose weights hardly change. One kernel
/// uses it at a time.
/// </summary>
public sealed unsafe class KeptWeights : IDisposable
{
    private Blob? _values;
    private object? _owner;
    private KernelFamily? _family;

    /// <summary>Bytes held.</summary>
    public long Bytes => (_values?.Count ?? 0) * (long)sizeof(float);

    /// <summary>Forgets the form: the weights are others now.</summary>
    public void Invalidate() => _owner = null;

    /// <summary>Room for the weights, and whether they are in it.</summary>
    /// <param name="owner">Who made the form and will read it; another one's is not taken.</param>
    /// <param name="family">For which kernels it is.</param>
    /// <param name="count">Number of floats.</param>
    /// <param name="values">The room.</param>
    /// <returns>False: the caller is to fill it now, and to say so by <see cref="Filled"/>.</returns>
    internal bool TryGet(object owner, KernelFamily family, long count, out float* values)
    {
        _values ??= new Blob();
        _values.Reshape(checked((int)count));
        values = _values.MutableCpuData;
        return ReferenceEquals(owner, _owner) && ReferenceEquals(family, _family);
    }

    /// <summary>The form is in its room.</summary>
    /// <param name="owner">Who made it.</param>
    /// <param name="family">For which kernels.</param>
    internal void Filled(object owner, KernelFamily family) => (_owner, _family) = (owner, family);

    /// <inheritdoc/>
    public void Dispose()
    {
        _values?.Dispose();
        _values = null;
        _owner = null;
    }
}
