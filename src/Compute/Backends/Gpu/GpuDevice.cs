using System.Globalization;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// An accelerator: its memory, its one stream of work, and the kernels compiled for it. What is queued runs in order;
/// only copies to the host wait. One user at a time, on the thread that called <see cref="Bind"/>; copies may also be
/// asked for by others while that one rests.
/// </summary>
public sealed unsafe class GpuDevice : IDeviceAllocator, IDisposable
{
    private readonly Accelerator _accelerator;
    private readonly Context? _ownContext;
    private readonly long _memory;
    private readonly GpuPool _pool;
    private readonly GpuCompiler _compiler;
    private readonly Action<GpuCompiler>? _giveBack;
    private readonly GpuScratch _scratch;
    private readonly Dictionary<GpuDevice, bool> _peers = [];
    private readonly Lock _copies = new();
    private GpuStaging? _staging;
    private bool _hasFailed;
    private GpuTransfers _transfers;

    /// <summary>Takes an accelerator over.</summary>
    /// <param name="compiler">The accelerator.</param>
    /// <param name="number">Its number.</param>
    /// <param name="giveBack">Takes the accelerator when the device is disposed of, unless it has failed; null: it is
    /// disposed of too.</param>
    /// <param name="ownContext">What is disposed of after it; null for a context that others use.</param>
    /// <param name="memoryLimit">Most bytes of its memory to use.</param>
    internal GpuDevice(
        GpuCompiler compiler, int number, Action<GpuCompiler>? giveBack = null, Context? ownContext = null,
        long memoryLimit = long.MaxValue)
    {
        _accelerator = compiler.Accelerator;
        (_compiler, _giveBack, _ownContext) = (compiler, giveBack, ownContext);
        _memory = Math.Min(memoryLimit, _accelerator.MemorySize);
        _pool = new GpuPool(_accelerator, memoryLimit);
        _scratch = new GpuScratch(this);
        Number = number;
        HasLargeTiles = _accelerator.AcceleratorType == AcceleratorType.Cuda
            || _accelerator is CLAccelerator { Device: CLDevice { DeviceType: not CLDeviceType.CL_DEVICE_TYPE_CPU } };
    }

    /// <summary>Its number, as in <c>gpu:0</c>.</summary>
    public int Number { get; }

    /// <summary>Its name.</summary>
    public string Name => _accelerator.Name;

    /// <summary>Copies so far.</summary>
    public GpuTransfers Transfers => _transfers;

    /// <summary>Bytes of its memory in use by blobs and scratch.</summary>
    public long UsedBytes => _pool.UsedBytes;

    /// <summary>How often its driver was asked for memory.</summary>
    public long Allocations => _pool.Allocations;

    /// <summary>Kernels launched so far.</summary>
    public long Launches { get; private set; }

    /// <summary>Whether a thread's 64 sums stay in registers: not on a CPU that plays the threads of a group in
    /// turn.</summary>
    internal bool HasLargeTiles { get; set; }

    /// <summary>What computes plain products instead of the engine's kernels, or null.</summary>
    internal CuBlasGemm? Library { get; private set; }

    internal Accelerator Accelerator => _accelerator;

    internal AcceleratorStream Stream => _accelerator.DefaultStream;

    internal GpuScratch Scratch => _scratch;

    /// <summary>Chooses what computes plain matrix products, as <see cref="GpuPlatform.Open"/> does.</summary>
    /// <param name="choice">The choice.</param>
    /// <exception cref="CaffeException">It is cuBLAS, and that cannot be loaded.</exception>
    public void ChooseBlas(GpuBlas choice)
    {
        Library?.Dispose();
        Library = null;
        Library = CuBlasGemm.Of(_accelerator, choice);
    }

    /// <summary>Makes the calling thread the one that works with the device. Once a thread.</summary>
    public void Bind() => _accelerator.Bind();

    /// <summary>Queues a kernel for each element.</summary>
    /// <param name="count">Number of elements; 0 queues nothing.</param>
    /// <param name="body">The kernel with its arguments.</param>
    /// <exception cref="CaffeException">The device refuses.</exception>
    public void Run<TBody>(int count, TBody body)
        where TBody : struct, IGpuBody
    {
        if (count == 0)
            return;
        try
        {
            BindHere();
            _compiler.ForEach<TBody>()(Stream, count, body);
            Launches++;
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <summary>Queues a kernel of groups of threads.</summary>
    /// <param name="groups">Number of groups; 0 queues nothing.</param>
    /// <param name="body">The kernel with its arguments.</param>
    /// <exception cref="CaffeException">The device refuses.</exception>
    public void RunGroups<TBody>(int groups, TBody body)
        where TBody : struct, IGpuGroupBody
    {
        if (groups == 0)
            return;
        try
        {
            BindHere();
            _compiler.Groups<TBody>()(Stream, new KernelConfig(groups, TBody.GroupSize), body);
            Launches++;
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <summary>Waits until all queued work is done.</summary>
    /// <exception cref="CaffeException">The work failed.</exception>
    public void Synchronize()
    {
        try
        {
            Stream.Synchronize();
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="CaffeException">The device has too little memory.</exception>
    public IDeviceMemory Allocate(long bytes) => new GpuMemory(this, Rent(bytes), bytes);

    /// <summary>Ends the device's work and frees its memory, that of blobs included.</summary>
    public void Dispose()
    {
        _staging?.Dispose();
        Library?.Dispose();
        _scratch.Dispose();
        _pool.Dispose();
        if (_giveBack is not null && !_hasFailed)
            _giveBack(_compiler);
        else
            _accelerator.Dispose();
        _ownContext?.Dispose();
    }

    internal MemoryBuffer1D<float, Stride1D.Dense> Rent(long bytes)
    {
        try
        {
            return _pool.Rent(bytes);
        }
        catch (Exception first) when (IsDeviceFailure(first) || first is OutOfMemoryException)
        {
            // Blocks of other sizes may lie idle.
            _pool.Trim();
        }

        try
        {
            return _pool.Rent(bytes);
        }
        catch (Exception failure) when (IsDeviceFailure(failure) || failure is OutOfMemoryException)
        {
            throw new CaffeException(ErrorCodes.OutOfMemory, FailureKind.Device, string.Create(
                CultureInfo.InvariantCulture,
                $"GPU {Number} ({Name}) has no room for {Mebibytes(bytes)}: {Mebibytes(_pool.UsedBytes)} of its "
                + $"{Mebibytes(_memory)} are in use here, {Mebibytes(Math.Max(0, _memory - _pool.UsedBytes))} are left "
                + $"to this and other programs; make the batch smaller"), null, failure);
        }
    }

    internal void Return(GpuMemory memory) => _pool.Return(memory.Buffer);

    internal void Return(MemoryBuffer1D<float, Stride1D.Dense> buffer) => _pool.Return(buffer);

    internal void CopyToDevice(ArrayView<byte> source, ArrayView<byte> target)
    {
        try
        {
            using var binding = _accelerator.BindScoped();
            source.CopyTo(Stream, target);
            // The host's memory is its owner's again when this returns.
            Stream.Synchronize();
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }

        lock (_copies)
        {
            _transfers = _transfers with
            {
                ToDevice = _transfers.ToDevice + 1,
                BytesToDevice = _transfers.BytesToDevice + target.Length,
            };
        }
    }

    internal void CopyToHost(ArrayView<byte> source, ArrayView<byte> target)
    {
        try
        {
            using var binding = _accelerator.BindScoped();
            source.CopyTo(Stream, target);
            Stream.Synchronize();
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }

        lock (_copies)
        {
            _transfers = _transfers with
            {
                ToHost = _transfers.ToHost + 1,
                BytesToHost = _transfers.BytesToHost + source.Length,
            };
        }
    }

    internal void Clear(ArrayView<byte> target)
    {
        try
        {
            using var binding = _accelerator.BindScoped();
            target.MemSetToZero(Stream);
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }
    }

    // What the peer has queued for the source must be done first.
    internal void CopyFromPeer(GpuDevice peer, ArrayView<byte> source, ArrayView<byte> target)
    {
        try
        {
            if (CanReach(peer))
                CopyDirectly(peer, source, target);
            else
                CopyStaged(peer, source, target);
        }
        catch (Exception failure) when (IsDeviceFailure(failure))
        {
            throw Failed(failure);
        }

        lock (_copies)
        {
            _transfers = _transfers with
            {
                FromPeers = _transfers.FromPeers + 1,
                BytesFromPeers = _transfers.BytesFromPeers + target.Length,
            };
        }
    }

    /// <summary>Whether memory of another device can be copied to this one without the host.</summary>
    /// <param name="peer">The other device.</param>
    public bool CanReach(GpuDevice peer)
    {
        if (!_peers.TryGetValue(peer, out bool reaches))
        {
            reaches = _accelerator.AcceleratorType == AcceleratorType.Cuda
                && peer._accelerator.AcceleratorType == AcceleratorType.Cuda
                && _accelerator.CanAccessPeer(peer._accelerator);
            if (reaches)
                _accelerator.EnablePeerAccess(peer._accelerator);
            _peers.Add(peer, reaches);
        }

        return reaches;
    }

    // A thread that works with several accelerators in turn: drivers know one current device a thread.
    private void BindHere()
    {
        if (!ReferenceEquals(Accelerator.Current, _accelerator))
            _accelerator.Bind();
    }

    /// <summary>What a failure of the driver is told as.</summary>
    /// <param name="failure">The failure.</param>
    public CaffeException Failed(Exception failure)
    {
        _hasFailed = true;
        return new(ErrorCodes.DeviceFailed, FailureKind.Device,
            $"GPU {Number} ({Name}) failed: {failure.Message}", null, failure);
    }

    private void CopyDirectly(GpuDevice peer, ArrayView<byte> source, ArrayView<byte> target)
    {
        peer.Stream.Synchronize();
        using var binding = _accelerator.BindScoped();
        source.CopyTo(Stream, target);
        Stream.Synchronize();
    }

    private void CopyStaged(GpuDevice peer, ArrayView<byte> source, ArrayView<byte> target)
    {
        _staging ??= new GpuStaging(_accelerator);
        for (long start = 0; start < target.Length; start += GpuStaging.Bytes)
        {
            long bytes = Math.Min(GpuStaging.Bytes, target.Length - start);
            using (peer._accelerator.BindScoped())
            {
                source.SubView(start, bytes).CopyToCPUUnsafeAsync(peer.Stream, ref *_staging.Address, bytes);
                peer.Stream.Synchronize();
            }

            using (_accelerator.BindScoped())
            {
                target.SubView(start, bytes).CopyFromCPUUnsafeAsync(Stream, ref *_staging.Address, bytes);
                Stream.Synchronize();
            }
        }
    }

    private static bool IsDeviceFailure(Exception failure) =>
        failure is AcceleratorException or InternalCompilerException or CapabilityNotSupportedException;

    private static string Mebibytes(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:f1} MiB");
}
