using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// The weight gradient: output gradients times the transposed matrix of patches, summed over pixels and images.
/// Small gradients are computed for blocks of images side by side and then added in the order of the blocks; of large
/// ones each thread computes some columns or rows over all images. Both ways depend on the shapes alone, so the
/// number of threads changes no bit.
/// </summary>
internal sealed unsafe class WeightGradient(ConvolutionGeometry geometry, ImplicitProduct forward)
{
    /// <summary>Pixels multiplied at a time.</summary>
    public const int MaxPixels = 512;

    // Up to so many weights are kept several times over.
    private const int SmallGradient = 1 << 16;
    private const int ImageBlocks = 4;

    /// <summary>Adds to the weights' gradient, or sets it.</summary>
    /// <param name="device">Whose threads and memory.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="source">The images; a register past their end must be readable.</param>
    /// <param name="outputGradient">The outputs' gradient; a register past its end must be readable.</param>
    /// <param name="gradient">The weights' gradient.</param>
    /// <param name="add">Whether to add to what is there.</param>
    public void Run(CpuDevice device, int images, float* source, float* outputGradient, float* gradient, bool add)
    {
        int count = geometry.Outputs * geometry.Depth;
        var shape = new Shape(geometry, forward, device, images, source, outputGradient);
        int blocks = count <= SmallGradient ? Math.Min(images, ImageBlocks) : 1;
        (int columnParts, int rowParts) = Parts(device, blocks * geometry.Groups);
        int tasks = blocks * geometry.Groups * columnParts * rowParts;
        if (blocks == 1)
        {
            device.Pool.Run(new WeightGradientBody(shape, gradient, 0, 1, columnParts, rowParts, add), tasks);
            return;
        }

        float* partial = device.Workspace.Shared(WorkspaceSlots.Right, (long)blocks * count);
        device.Pool.Run(
            new WeightGradientBody(shape, partial, count, blocks, columnParts, rowParts, add: false), tasks);
        Elementwise.Run(device, count, new SumBody(partial, count, blocks, gradient, add));
    }

    // Parts of a group's columns, and where those are too few of its rows, so that each thread has some.
    private (int ColumnParts, int RowParts) Parts(CpuDevice device, int tasks)
    {
        int wide = device.Kernels.PanelColumns, panels = (geometry.Depth + wide - 1) / wide;
        int share = tasks % device.Threads == 0 ? 1 : (device.Threads + tasks - 1) / tasks;
        int columnParts = Math.Min(share, panels);
        int rowPanels = EvenSplit.RowPanels(device.Kernels, geometry.OutputsOfGroup).Parts;
        return (columnParts, Math.Clamp(share / columnParts, 1, rowPanels));
    }

    /// <summary>What all tasks have in common.</summary>
    internal readonly struct Shape(
        ConvolutionGeometry geometry, ImplicitProduct forward, CpuDevice device, int images,
        float* source, float* outputGradient)
    {
        public ConvolutionGeometry Geometry => geometry;

        public ImplicitProduct Forward => forward;

        public CpuDevice Device => device;

        public int Images => images;

        public float* Source => source;

        public float* OutputGradient => outputGradient;
    }

    private readonly struct SumBody(float* partial, int count, int blocks, float* sum, bool add) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            int i = from;
            for (; i + 16 <= to; i += 16)
            {
                Vector512<float> total = Vector512.Load(partial + i);
                for (int b = 1; b < blocks; b++)
                    total += Vector512.Load(partial + ((nint)b * count) + i);
                if (add)
                    total += Vector512.Load(sum + i);
                total.Store(sum + i);
            }

            for (; i < to; i++)
            {
                float total = partial[i];
                for (int b = 1; b < blocks; b++)
                    total += partial[((nint)b * count) + i];
                sum[i] = add ? sum[i] + total : total;
            }
        }
    }
}
