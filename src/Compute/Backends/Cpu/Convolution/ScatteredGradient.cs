using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// The data gradient the other way round: transposed weights times output gradients give, tile by tile, what each
/// kernel cell brings, and that is added where the cell lies in the (padded) input. Nothing is multiplied with padding
/// zeros, and a stride costs nothing, but every product is added to memory: better than the implicit product for
/// strides, for much padding and for few input channels. Tasks are images, groups and parts of the channels; additions
/// to an element are ordered by the shapes alone.
/// </summary>
internal sealed unsafe class ScatteredGradient
{
    // The most numbers of a padded image worked on at a time.
    private const int MaxImage = 1 << 20;

    // Where the implicit product is slower: with tiles of so few rows, or with so many products with zeros.
    private const int LeastRows = 8;
    private const double MostWaste = 1.2;
    private const int ChannelsOfPart = 48;
    private const int PackTasks = 8;

    /// <summary>Prepares the gradient.</summary>
    public ScatteredGradient(ConvolutionGeometry geometry)
    {
        Geometry = geometry;
        (Layout, Pixels) = ImplicitProduct.Source(geometry, channels: 1, geometry.Axes[0].Output);
    }

    /// <summary>The sizes.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>How the input lies while it is added to.</summary>
    public SourceLayout Layout { get; }

    /// <summary>The output pixels and the kernel's cells, in the first channel.</summary>
    public PixelPhase Pixels { get; }

    /// <summary>Whether this way is the faster one; measured on layers of LeNet, AlexNet, VGG and ResNet.</summary>
    public static bool IsBetter(ConvolutionGeometry geometry)
    {
        // Input places times the cells that reach each, against what is not zero of it.
        double places = 1;
        foreach (SpatialAxis axis in geometry.Axes)
            places *= (double)axis.Input / axis.Stride;
        return geometry.InputsOfGroup < LeastRows || places > MostWaste * geometry.OutputPlane;
    }

    /// <summary>Computes the gradient of all images.</summary>
    /// <param name="device">Whose threads and memory.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="outputGradient">The outputs' gradient.</param>
    /// <param name="bias">What each input channel starts from; null for zeros.</param>
    /// <param name="gradient">The inputs' gradient, overwritten.</param>
    public void Run(CpuDevice device, int images, float* weights, float* outputGradient, float* bias, float* gradient)
    {
        int channels = Geometry.InputsOfGroup, tasks = images * Geometry.Groups;
        if (tasks == 0)
            return;
        // Not by the number of threads: additions are ordered by tiles, and those must stay what they are.
        long least = Math.Max(((long)channels * Layout.Plane) / MaxImage, channels / ChannelsOfPart);
        var parts = new EvenSplit(channels, (int)Math.Clamp(least, 1, channels));
        float* packed = device.Workspace.Shared(WorkspaceSlots.Left, (long)Geometry.Outputs * Geometry.Depth);
        device.Pool.Run(
            new PackBody(Geometry, device.Kernels, parts, weights, packed), Geometry.Groups * parts.Parts * PackTasks);
        var body = new ScatteredGradientBody(this, device, parts, packed, outputGradient, bias, gradient);
        device.Pool.Run(body, tasks * parts.Parts);
    }

    // Rows are (cell, channel) and not (channel, cell): neighbours then are added to different planes.
    private readonly struct PackBody(
        ConvolutionGeometry geometry, KernelFamily family, EvenSplit parts, float* weights, float* packed)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        public void Invoke(int task, int worker)
        {
            (task, int slice) = Math.DivRem(task, PackTasks);
            (int group, int part) = Math.DivRem(task, parts.Parts);
            int channel = parts.Start(part), channels = parts.Count(part);
            int taps = geometry.Taps, depth = geometry.OutputsOfGroup, rows = channels * taps, step = geometry.Depth;
            nint start = (nint)group * depth * step;
            float* from = weights + start + (channel * taps), to = packed + start + ((nint)channel * taps * depth);
            EvenSplit panels = EvenSplit.RowPanels(family, rows), slices = new(panels.Parts, PackTasks);
            int* offsets = stackalloc int[16];
            for (int p = slices.Start(slice); p < slices.Start(slice + 1); p++)
            {
                int first = panels.Start(p), count = panels.Count(p);
                for (int i = 0; i < count; i++)
                    offsets[i] = ((first + i) % channels * taps) + ((first + i) / channels);
                float* source = from, target = to + ((nint)first * depth);
                for (int m = 0; m < depth; m++)
                {
                    for (int i = 0; i < count; i++)
                        target[i] = source[offsets[i]];
                    source += step;
                    target += count;
                }
            }
        }
    }
}
