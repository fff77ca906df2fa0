namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>Memory that many blocks share at different times. It is taken when one of them is first used.</summary>
/// <param name="bytes">Its size.</param>
internal sealed unsafe class HostArena(long bytes) : IDisposable
{
    private byte* _address;

    ~HostArena() => Dispose();

    /// <summary>Its size.</summary>
    public long Bytes => bytes;

    /// <summary>Where it begins: a multiple of <see cref="HostMemory.Alignment"/>.</summary>
    public byte* Address => _address is null ? _address = (byte*)HostMemory.Allocate(bytes) : _address;

    /// <summary>Gives it back; the blocks in it must not be used again.</summary>
    public void Dispose()
    {
        HostMemory.Free(_address, bytes);
        _address = null;
        GC.SuppressFinalize(this);
    }
}
