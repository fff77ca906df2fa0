using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>A blob's numbers on an accelerator, as kernels take them.</summary>
public static class GpuBlobExtensions
{
    /// <summary>The data for reading.</summary>
    public static Values GpuData(this Blob blob, GpuDevice gpu) => Of(blob.DataMemory.DeviceData(gpu), blob.DataMemory);

    /// <summary>The data for reading and writing.</summary>
    public static Values MutableGpuData(this Blob blob, GpuDevice gpu) =>
        Of(blob.DataMemory.MutableDeviceData(gpu), blob.DataMemory);

    /// <summary>The data to be overwritten whole: what they are now is undefined.</summary>
    public static Values OverwriteGpuData(this Blob blob, GpuDevice gpu) =>
        Of(blob.DataMemory.OverwriteDeviceData(gpu), blob.DataMemory);

    /// <summary>The diff for reading.</summary>
    public static Values GpuDiff(this Blob blob, GpuDevice gpu) => Of(blob.DiffMemory.DeviceData(gpu), blob.DiffMemory);

    /// <summary>The diff for reading and writing.</summary>
    public static Values MutableGpuDiff(this Blob blob, GpuDevice gpu) =>
        Of(blob.DiffMemory.MutableDeviceData(gpu), blob.DiffMemory);

    /// <summary>The diff to be overwritten whole: what it is now is undefined.</summary>
    public static Values OverwriteGpuDiff(this Blob blob, GpuDevice gpu) =>
        Of(blob.DiffMemory.OverwriteDeviceData(gpu), blob.DiffMemory);

    /// <summary>Sets the diff to zero.</summary>
    public static void ClearGpuDiff(this Blob blob, GpuDevice gpu) => blob.DiffMemory.OverwriteDeviceData(gpu).Clear();

    /// <summary>Copies another blob's data on an accelerator, and its shape with it.</summary>
    public static void CopyGpuDataFrom(this Blob blob, GpuDevice gpu, Blob other)
    {
        blob.ReshapeLike(other);
        gpu.Run(other.Count, new CopyBody(other.GpuData(gpu), blob.OverwriteGpuData(gpu)));
    }

    private static Values Of(IDeviceMemory memory, SyncedMemory block) =>
        new(((GpuMemory)memory).Buffer.View, block.Storage);
}
