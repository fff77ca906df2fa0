using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// The weights' gradient by Winograd's transforms: tiles of the sources and of the outputs' gradient are transformed,
/// some hundred tiles at a time, to 36 matrices each, whose 36 products (output channels by input channels, summed over
/// tiles) are at last transformed back to kernel cells. Threads share the 36 products out among them, so an element's
/// sum has one order.
/// </summary>
internal sealed unsafe class WinogradWeightGradient<TKind>
    where TKind : struct, IWinograd
{
    // Tiles summed at a time: panels of so many stay in the inner caches.
    private const int MaxTiles = 64;
    private const int OutputsOfTask = 4;

    private readonly ConvolutionGeometry _geometry;
    private readonly TileSource _source;
    private readonly TileSource _gradient;
    private readonly int _tilesY;
    private readonly int _tilesX;

    /// <summary>Prepares the gradient.</summary>
    public WinogradWeightGradient(ConvolutionGeometry geometry)
    {
        (SpatialAxis y, SpatialAxis x) = (geometry.Axes[0], geometry.Axes[1]);
        int side = TKind.Outputs;
        _geometry = geometry;
        _tilesY = (y.Output + side - 1) / side;
        _tilesX = (x.Output + side - 1) / side;
        _source = new TileSource(y.Input, x.Input, y.Pad, x.Pad, side, side + TKind.Taps - 1, _tilesY, _tilesX);
        _gradient = new TileSource(y.Output, x.Output, 0, 0, side, side, _tilesY, _tilesX);
    }

    private int Inputs => (_geometry.InputsOfGroup + 15) / 16 * 16;

    private int Outputs => (_geometry.OutputsOfGroup + 15) / 16 * 16;

    // From one of the 36 products of a group to the next; an odd number of cache lines.
    private nint ProductStep => ((nint)Outputs * Inputs) + 16;

    /// <summary>Adds to the weights' gradient, or sets it.</summary>
    /// <param name="device">Whose threads and memory.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="source">The images.</param>
    /// <param name="outputGradient">The outputs' gradient.</param>
    /// <param name="gradient">The weights' gradient.</param>
    /// <param name="add">Whether to add to what is there.</param>
    public void Run(CpuDevice device, int images, float* source, float* outputGradient, float* gradient, bool add)
    {
        int rows = images * _tilesY, groups = _geometry.Groups;
        EvenSplit blocks = new(rows, Math.Max(1, (rows * _tilesX + MaxTiles - 1) / MaxTiles));
        blocks = blocks with { Parts = Math.Min(blocks.Parts, Math.Max(1, rows)) };
        var args = new Arguments
        {
            Device = device,
            Source = source,
            OutputGradient = outputGradient,
            Gradient = gradient,
            AddGradient = add,
            Rows = blocks.Most,
            MaxTiles = blocks.Most * _tilesX,
        };
        args.Tiles = device.Workspace.Shared(
            WorkspaceSlots.Left, groups * 36 * (args.SourceStep(Inputs) + args.SourceStep(Outputs)));
        args.Products = device.Workspace.Shared(WorkspaceSlots.Right, groups * 36 * ProductStep);
        for (int block = 0; block < blocks.Parts; block++)
        {
            args.FirstRow = blocks.Start(block);
            args.Rows = blocks.Count(block);
            args.AddProducts = block > 0;
            device.Pool.Run(new TransformBody(this, args), groups * (Inputs + Outputs) / 16);
            device.Pool.Run(new ProductBody(this, args), groups * 36);
        }

        device.Pool.Run(
            new FilterBody(this, args),
            groups * ((_geometry.OutputsOfGroup + OutputsOfTask - 1) / OutputsOfTask));
    }

    // Rows of a product's tiles: what a kernel holds of 16 channels.
    private static int RowsOfPanel(KernelFamily family) => family.MaxRows >= 8 ? 8 : 4;

    private struct Arguments
    {
        public CpuDevice Device;
        public float* Source;
        public float* OutputGradient;
        public float* Gradient;
        public float* Tiles;
        public float* Products;
        public bool AddGradient;
        public bool AddProducts;
        public int FirstRow;
        public int Rows;
        public int MaxTiles;

        // From one of the 36 matrices of so many channels to the next; an odd number of cache lines.
        public readonly nint SourceStep(int channels)
        {
            nint lines = (nint)channels / 16 * MaxTiles;
            return 16 * (lines + ((lines & 1) == 0 ? 1 : 0));
        }

        // The outputs' gradient of a group lies behind its sources.
        public readonly float* Group(int group, int inputs, int outputs, bool ofGradient) =>
            Tiles + (group * 36 * (SourceStep(inputs) + SourceStep(outputs)))
            + (ofGradient ? 36 * SourceStep(inputs) : 0);
    }

    // 16 channels of the sources or of the outputs' gradient.
    private readonly struct TransformBody(WinogradWeightGradient<TKind> owner, Arguments args) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            int inputBlocks = owner.Inputs / 16;
            (int group, int block) = Math.DivRem(task, (owner.Inputs + owner.Outputs) / 16);
            bool ofGradient = block >= inputBlocks;
            if (ofGradient)
                block -= inputBlocks;
            TileSource tiles = ofGradient ? owner._gradient : owner._source;
            float* scratch = args.Device.Workspace.OfWorker(worker, WorkspaceSlots.Image, tiles.Room(args.Rows));
            float* to = args.Group(group, owner.Inputs, owner.Outputs, ofGradient);
            if (ofGradient)
                Gradient(group, block, scratch, to);
            else
                Source(group, block, scratch, to);
        }

        // Panels of columns, as products read their right matrix.
        private void Source(int group, int block, float* scratch, float* to)
        {
            ConvolutionGeometry geometry = owner._geometry;
            int count = args.Rows * owner._tilesX, wide = args.Device.Kernels.PanelColumns, channel = block * 16;
            int panel = channel / wide * wide, width = Math.Min(wide, owner.Inputs - panel);
            int piece = Math.Min(16, width);
            int* places = stackalloc int[count];
            for (int i = 0; i < count; i++)
                places[i] = (panel * count) + (channel - panel) + (i * width);
            nint plane = geometry.InputPlane;
            owner._source.Transform<InputLine>(
                args.Source + ((((nint)group * geometry.InputsOfGroup) + channel) * plane), geometry.Inputs * plane,
                Math.Min(16, geometry.InputsOfGroup - channel), args.FirstRow, args.Rows, scratch,
                new TileTarget(to, args.SourceStep(owner.Inputs), piece, (nint)count * piece), places);
        }

        // Panels of rows, as they read their left one.
        private void Gradient(int group, int block, float* scratch, float* to)
        {
            ConvolutionGeometry geometry = owner._geometry;
            int count = args.Rows * owner._tilesX, channel = block * 16, rows = RowsOfPanel(args.Device.Kernels);
            int* places = stackalloc int[count];
            for (int i = 0; i < count; i++)
                places[i] = (channel * count) + (i * rows);
            nint plane = geometry.OutputPlane;
            owner._gradient.Transform<GradientLine<TKind>>(
                args.OutputGradient + ((((nint)group * geometry.OutputsOfGroup) + channel) * plane),
                geometry.Outputs * plane, Math.Min(16, geometry.OutputsOfGroup - channel), args.FirstRow, args.Rows,
                scratch, new TileTarget(to, args.SourceStep(owner.Outputs), rows, (nint)count * rows), places);
        }
    }

    // One of the 36 products.
    private readonly struct ProductBody(WinogradWeightGradient<TKind> owner, Arguments args) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (int group, int plane) = Math.DivRem(task, 36);
            KernelFamily family = args.Device.Kernels;
            int inputs = owner.Inputs, outputs = owner._geometry.OutputsOfGroup, rows = RowsOfPanel(family);
            int count = args.Rows * owner._tilesX;
            float* right = args.Group(group, inputs, owner.Outputs, false) + (plane * args.SourceStep(inputs));
            float* left = args.Group(group, inputs, owner.Outputs, true) + (plane * args.SourceStep(owner.Outputs));
            float* product = args.Products + (task * owner.ProductStep), zero = PanelProduct.Zero;
            for (int j = 0; j < inputs; j += family.PanelColumns)
            {
                int width = Math.Min(family.PanelColumns, inputs - j);
                delegate*<nint, float*, float*, float*, nint, float*, int, int, void> tile =
                    family.Tile(rows, width / family.Lanes);
                for (int i = 0; i < outputs; i += rows)
                {
                    tile(
                        count, left + ((nint)i * count), right + ((nint)j * count), product + ((nint)i * inputs) + j,
                        inputs, zero, args.AddProducts ? 1 : 0, family.Lanes);
                }
            }
        }
    }

    // Some output channels, from products to kernel cells.
    private readonly struct FilterBody(WinogradWeightGradient<TKind> owner, Arguments args) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        public void Invoke(int task, int worker)
        {
            ConvolutionGeometry geometry = owner._geometry;
            int outputs = geometry.OutputsOfGroup, inputs = geometry.InputsOfGroup;
            (int group, int part) = Math.DivRem(task, (outputs + OutputsOfTask - 1) / OutputsOfTask);
            int end = Math.Min(outputs, (part + 1) * OutputsOfTask);
            float* gradients = stackalloc float[16 * 25];
            for (int output = part * OutputsOfTask; output < end; output++)
            {
                float* product = args.Products + (group * 36 * owner.ProductStep) + ((nint)output * owner.Inputs);
                float* to = args.Gradient + ((((nint)group * outputs) + output) * geometry.Depth);
                for (int input = 0; input < inputs; input += 16)
                {
                    int channels = Math.Min(16, inputs - input);
                    Cells(product + input, channels, gradients);
                    Store(gradients, channels * geometry.Taps, to + (input * geometry.Taps));
                }
            }
        }

        // The gradients of 16 input channels, each channel's cells side by side.
        [SkipLocalsInit]
        private void Cells(float* product, int channels, float* to)
        {
            int taps = TKind.Taps, all = taps * taps;
            float* columns = stackalloc float[96 * 5], cells = stackalloc float[32 * 16];
            nint* offsets = stackalloc nint[16];
            for (int i = 0; i < 16; i++)
                offsets[i] = i * 16;
            for (int j = 0; j < 6; j++)
                TKind.FilterGradient(product + (j * owner.ProductStep), 6 * owner.ProductStep, columns + (j * 16), 96);
            for (int i = 0; i < taps; i++)
                TKind.FilterGradient(columns + (i * 96), 16, cells + (i * taps * 16), 16);
            for (int tap = 0; tap < all; tap += 16)
            {
                int rows = Math.Min(16, all - tap);
                Packing.Transpose(cells + (tap * 16), offsets, rows, channels, to + tap, all, rows, 1);
            }
        }

        private void Store(float* from, int count, float* to)
        {
            int i = 0;
            for (; i + 16 <= count; i += 16)
            {
                Vector512<float> sum = Vector512.Load(from + i);
                if (args.AddGradient)
                    sum += Vector512.Load(to + i);
                sum.Store(to + i);
            }

            for (; i < count; i++)
                to[i] = args.AddGradient ? to[i] + from[i] : from[i];
        }
    }
}
