namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// Weights times the matrix of all patches of a source, without that matrix: its columns are packed straight from the
/// (padded) source just before they are multiplied. Forward convolution and data gradient are both of this kind.
/// Images, groups and, where there are few of those, bands of pixels or rows of weights are the tasks; each works
/// in memory of its own. An element is always summed in the same order.
/// </summary>
internal sealed unsafe class ImplicitProduct
{
    // The most numbers of a padded band of a group, so that it stays in the outer caches.
    private const int MaxBand = 1 << 20;

    private readonly PackedWeights _weights;

    private ImplicitProduct(
        ConvolutionGeometry geometry, SourceLayout layout, PixelPhase[] phases, PackedWeights weights,
        bool forward, int stride, int extent, int bandUnits)
    {
        _weights = weights;
        Layout = layout;
        Phases = phases;
        Units = phases.Select(phase => phase.Units).DefaultIfEmpty(0).Max();
        Groups = geometry.Groups;
        Channels = forward ? geometry.InputsOfGroup : geometry.OutputsOfGroup;
        Rows = forward ? geometry.OutputsOfGroup : geometry.InputsOfGroup;
        SourcePlane = forward ? geometry.InputPlane : geometry.OutputPlane;
        TargetPlane = forward ? geometry.OutputPlane : geometry.InputPlane;
        Stride = stride;
        Extent = extent;
        BandUnits = bandUnits;
    }

    /// <summary>How sources are read.</summary>
    public SourceLayout Layout { get; }

    /// <summary>The targets; the forward product has one phase.</summary>
    public PixelPhase[] Phases { get; }

    /// <summary>Number of groups.</summary>
    public int Groups { get; }

    /// <summary>Source channels of a group.</summary>
    public int Channels { get; }

    /// <summary>Target channels of a group.</summary>
    public int Rows { get; }

    /// <summary>Numbers in a source channel.</summary>
    public int SourcePlane { get; }

    /// <summary>Numbers in a target channel.</summary>
    public int TargetPlane { get; }

    /// <summary>Source positions of the first axis from a unit to the next.</summary>
    public int Stride { get; }

    /// <summary>Source positions of the first axis that a unit reads.</summary>
    public int Extent { get; }

    /// <summary>The most units in one band.</summary>
    public int BandUnits { get; }

    /// <summary>Number of floats of packed weights.</summary>
    public long PackedCount => _weights.Count;

    /// <summary>Number of units: the most that a phase has.</summary>
    public int Units { get; }

    /// <summary>The product that gives the outputs.</summary>
    public static ImplicitProduct Forward(ConvolutionGeometry geometry)
    {
        SpatialAxis[] axes = geometry.Axes;
        int units = BandOf(geometry.InputsOfGroup, axes[0].Output, axes[0].Stride, axes[0].Extent, Lengths(axes));
        (SourceLayout layout, PixelPhase phase) = Source(geometry, geometry.InputsOfGroup, units);
        PixelPhase[] phases = [phase];
        var weights = new PackedWeights(
            phases, geometry.Groups, geometry.OutputsOfGroup, geometry.OutputsOfGroup * geometry.Depth, geometry.Depth,
            geometry.Taps);
        return new ImplicitProduct(geometry, layout, phases, weights, true, axes[0].Stride, axes[0].Extent, units);
    }

    /// <summary>
    /// The product that gives the data gradient from that of the outputs. Input position h gets its part through kernel
    /// cells k with (h + pad - k * dilation) divisible by the stride: positions equal modulo the stride form a phase.
    /// </summary>
    public static ImplicitProduct DataGradient(ConvolutionGeometry geometry)
    {
        SpatialAxis[] axes = geometry.Axes;
        AxisPhase[][] perAxis = [.. axes.Select(AxisPhase.Of)];
        int[] low = new int[axes.Length], length = new int[axes.Length];
        for (int a = 0; a < axes.Length; a++)
        {
            int[] steps = [.. perAxis[a].SelectMany(phase => phase.Steps)];
            int[] ends = [.. perAxis[a].SelectMany(phase => phase.Steps.Select(step => phase.Count - 1 + step))];
            low[a] = steps.DefaultIfEmpty(0).Min();
            length[a] = ends.DefaultIfEmpty(0).Max() - low[a] + 1;
        }

        int extent = perAxis[0].SelectMany(phase => phase.Steps).DefaultIfEmpty(0).Max() - low[0] + 1;
        int most = perAxis[0].Select(phase => phase.Count).DefaultIfEmpty(1).Max();
        int units = BandOf(geometry.OutputsOfGroup, most, 1, extent, length);
        var layout = new SourceLayout(
            [.. axes.Select(axis => axis.Output)], [.. low.Select(l => -l)], length, units - 1 + extent, 1);
        int[] inputPitch = Pitches([.. axes.Select(axis => axis.Input)]);
        int[] targetPitch = [.. axes.Select((axis, a) => axis.Stride * inputPitch[a])], ones = [.. axes.Select(_ => 1)];
        PixelPhase[] phases =
        [
            .. AxisPhase.Combinations(perAxis).Select(choice =>
            {
                (int[] taps, int[] offsets) = Taps(choice, axes, low, layout);
                int[] counts = [.. choice.Select(phase => phase.Count)];
                int origin = choice.Select((phase, a) => phase.First * inputPitch[a]).Sum();
                return new PixelPhase(
                    layout, geometry.OutputsOfGroup, taps, offsets, counts, ones, targetPitch, origin,
                    Math.Min(units, counts[0]));
            }),
        ];
        var weights = new PackedWeights(
            phases, geometry.Groups, geometry.InputsOfGroup, geometry.OutputsOfGroup * geometry.Depth, geometry.Taps,
            geometry.Depth);
        return new ImplicitProduct(geometry, layout, phases, weights, false, 1, extent, units);
    }

    /// <summary>
    /// Some images as the layout has them: where they lie, or copies in a worker's memory.
    /// </summary>
    /// <param name="device">Whose memory.</param>
    /// <param name="worker">Which worker's.</param>
    /// <param name="from">First channel of the first image.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="step">From an image to the next; changed if copies are made.</param>
    /// <param name="channels">Channels wanted.</param>
    /// <param name="unit">First unit wanted.</param>
    /// <param name="units">Units wanted.</param>
    /// <returns>The first unit of the first channel.</returns>
    public float* Load(
        CpuDevice device, int worker, float* from, int images, ref nint step, int channels, int unit, int units)
    {
        if (Layout.IsDirect)
            return from + ((nint)unit * Stride * Layout.FirstPitch);
        int rows = ((units - 1) * Stride) + Extent;
        nint room = (nint)channels * Layout.Plane;
        float* buffer = device.Workspace.OfWorker(worker, WorkspaceSlots.Image, images * room);
        for (int i = 0; i < images; i++)
            Layout.Copy(from + (i * step), channels, unit * Stride, rows, buffer + (i * room));
        step = room;
        return buffer;
    }

    /// <summary>Computes the targets of all images.</summary>
    /// <param name="device">Whose threads and memory.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="weights">The convolution's weights.</param>
    /// <param name="source">The sources; a register past their end must be readable.</param>
    /// <param name="bias">What each target channel starts from; null for zeros.</param>
    /// <param name="target">The targets, overwritten.</param>
    /// <param name="slope">Where the targets are to be rectified, the slope below 0; else null.</param>
    /// <param name="kept">Where packed weights are kept from call to call; null: nowhere.</param>
    public void Run(
        CpuDevice device, int images, float* weights, float* source, float* bias, float* target, float? slope = null,
        KeptWeights? kept = null)
    {
        if (images == 0 || Phases.Length == 0)
            return;
        ImplicitPlan plan = ImplicitPlan.Of(this, device, images);
        float* packed = _weights.Pack(device, weights, kept);
        device.Pool.Run(
            new ImplicitBody(this, _weights, device, plan, packed, source, bias, target, slope), plan.Tasks);
    }

    /// <summary>How a convolution reads its images, and its pixels with the cells that reach them.</summary>
    /// <param name="geometry">The sizes.</param>
    /// <param name="channels">Channels whose cells are to be found.</param>
    /// <param name="units">The most units held in one band.</param>
    public static (SourceLayout Layout, PixelPhase Pixels) Source(ConvolutionGeometry geometry, int channels, int units)
    {
        SpatialAxis[] axes = geometry.Axes;
        var layout = new SourceLayout(
            [.. axes.Select(axis => axis.Input)], [.. axes.Select(axis => axis.Pad)], Lengths(axes),
            ((units - 1) * axes[0].Stride) + axes[0].Extent, axes[^1].Stride);
        int[] taps = [.. Enumerable.Range(0, geometry.Taps)];
        int[] offsets = [.. taps.Select(tap => layout.Offset(Position(axes, tap)))];
        int[] outputs = [.. axes.Select(axis => axis.Output)], stride = [.. axes.Select(axis => axis.Stride)];
        // Along the last axis the layout has sorted the phases: a step of the target is a step of the source.
        stride[^1] = 1;
        var pixels = new PixelPhase(layout, channels, taps, offsets, outputs, stride, Pitches(outputs), 0, units);
        return (layout, pixels);
    }

    // What of each padded axis is read.
    private static int[] Lengths(SpatialAxis[] axes) =>
        [.. axes.Select(axis => ((axis.Output - 1) * axis.Stride) + axis.Extent)];

    // The position of a kernel cell from that of the first.
    private static int[] Position(SpatialAxis[] axes, int tap)
    {
        int[] position = new int[axes.Length];
        for (int a = axes.Length - 1; a >= 0; a--)
        {
            position[a] = tap % axes[a].Kernel * axes[a].Dilation;
            tap /= axes[a].Kernel;
        }

        return position;
    }

    // All combinations of a phase's cells, in the order of their numbers in the kernel.
    private static (int[] Taps, int[] Offsets) Taps(
        AxisPhase[] choice, SpatialAxis[] axes, int[] low, SourceLayout layout)
    {
        int count = choice.Aggregate(1, (product, phase) => product * phase.Cells.Length);
        int[] taps = new int[count], offsets = new int[count], position = new int[axes.Length];
        for (int i = 0; i < count; i++)
        {
            int rest = i, scale = 1;
            for (int a = axes.Length - 1; a >= 0; a--)
            {
                (rest, int cell) = Math.DivRem(rest, choice[a].Cells.Length);
                taps[i] += choice[a].Cells[cell] * scale;
                scale *= axes[a].Kernel;
                position[a] = choice[a].Steps[cell] - low[a];
            }

            offsets[i] = layout.Offset(position);
        }

        return (taps, offsets);
    }

    private static int[] Pitches(int[] lengths)
    {
        int[] pitches = new int[lengths.Length];
        for (int a = lengths.Length - 1, step = 1; a >= 0; step *= lengths[a], a--)
            pitches[a] = step;
        return pitches;
    }

    private static int BandOf(int channels, int units, int stride, int extent, int[] length)
    {
        long unit = channels;
        for (int a = 1; a < length.Length; a++)
            unit *= length[a];
        long most = ((MaxBand / Math.Max(1, unit)) - extent) / stride;
        return (int)Math.Clamp(most + 1, 1, units);
    }
}
