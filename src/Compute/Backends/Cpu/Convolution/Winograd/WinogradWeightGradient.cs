using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// The weights' gradient by Winograd's transforms: tiles of the sources and of the outputs' gradient are transformed,
/// some at a time, to 36 matrices each, whose 36 products (output channels by input channels, summed over tiles) are at
/// last transformed back to kernel cells. Where there are many tiles, slices of them are summed side by side and then
/// added in their order; tasks take slices, and shares of the channels where threads are more. The slices depend on the
/// shapes alone, so an element's sum has one order.
/// </summary>
internal sealed unsafe class WinogradWeightGradient<TKind>
    where TKind : struct, IWinograd
{
    // The least tiles of a slice, the most slices, and the most floats of products that all of them keep.
    private const int LeastTilesOfSlice = 256;
    private const int MostSlices = 8;
    private const long MostProducts = 8 << 20;

    // The least tiles summed at a time: fewer would keep kernels busy with loading and storing sums.
    private const int LeastTiles = 48;
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

    // Channels of a group, in blocks of 16.
    private int Inputs => (_geometry.InputsOfGroup + 15) / 16 * 16;

    private int Outputs => (_geometry.OutputsOfGroup + 15) / 16 * 16;

    // From one of the 36 products of a group to the next.
    private nint ProductStep => TileTarget.StepOf((nint)Outputs * Inputs);

    /// <summary>Adds to the weights' gradient, or sets it.</summary>
    /// <param name="device">Whose threads and memory.</param>
    /// <param name="images">Number of images, at least 1.</param>
    /// <param name="source">The images.</param>
    /// <param name="outputGradient">The outputs' gradient.</param>
    /// <param name="gradient">The weights' gradient.</param>
    /// <param name="add">Whether to add to what is there.</param>
    public void Run(CpuDevice device, int images, float* source, float* outputGradient, float* gradient, bool add)
    {
        int rows = images * _tilesY, groups = _geometry.Groups, tiles = rows * _tilesX;
        nint products = groups * 36 * ProductStep;
        // A power of two: threads are mostly as many.
        int slices = 1;
        while (slices < MostSlices && 2 * slices <= rows && 2 * slices * LeastTilesOfSlice <= tiles
            && 2 * slices * products <= MostProducts)
        {
            slices *= 2;
        }

        // Sums are loaded and stored for each block of tiles, transformed tiles stored and loaded once: as much of
        // both.
        int most = Math.Max(LeastTiles, Inputs * Outputs / (Inputs + Outputs));
        var args = new Arguments
        {
            Device = device,
            Source = source,
            OutputGradient = outputGradient,
            Gradient = gradient,
            Add = add,
            Slices = new EvenSplit(rows, slices),
            RowsOfBlock = Math.Max(1, most / _tilesX),
            Products = device.Workspace.Shared(WorkspaceSlots.Right, slices * products),
        };
        ShareGrid grid = ShareGrid.Of(
            groups * slices, device.Threads, Outputs / 16, Math.Max(1, Inputs / 32), Outputs, Inputs);
        device.Pool.Run(new ShareBody(this, args, grid), groups * slices * grid.First * grid.Second);
        int tasks = (_geometry.OutputsOfGroup + OutputsOfTask - 1) / OutputsOfTask;
        device.Pool.Run(new FilterBody(this, args), groups * tasks);
    }

    // Rows of a product's tiles: what a kernel holds of 16 channels.
    private static int RowsOfPanel(KernelFamily family) => family.MaxRows >= 8 ? 8 : 4;

    private struct Arguments
    {
        public CpuDevice Device;
        public float* Source;
        public float* OutputGradient;
        public float* Gradient;
        public float* Products;
        public bool Add;
        public EvenSplit Slices;
        public int RowsOfBlock;
    }

    // What a task works on: a slice of the tiles, some channels.
    private struct Share
    {
        public int Worker;
        public int Group;
        public int FirstOutput;
        public int Outputs;
        public int FirstInput;
        public int Inputs;
        public int FirstRow;
        public int Rows;
        public int Tiles;
        public float* Scratch;
        public float* Left;
        public float* Right;
        public nint LeftStep;
        public nint RightStep;
        public float* Products;
        public bool Add;
    }

    // A slice of the tiles and shares of the channels, block after block.
    private readonly struct ShareBody(WinogradWeightGradient<TKind> owner, Arguments args, ShareGrid grid)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (task, int inputShare) = Math.DivRem(task, grid.Second);
            (task, int outputShare) = Math.DivRem(task, grid.First);
            (int slice, int group) = Math.DivRem(task, owner._geometry.Groups);
            var outputs = new EvenSplit(owner.Outputs / 16, grid.First);
            var inputs = new EvenSplit((owner.Inputs + 31) / 32, grid.Second);
            var share = new Share
            {
                Worker = worker,
                Group = group,
                FirstOutput = outputs.Start(outputShare) * 16,
                FirstInput = inputs.Start(inputShare) * 32,
                Products = args.Products
                    + (((nint)(slice * owner._geometry.Groups) + group) * 36 * owner.ProductStep),
            };
            share.Outputs = (outputs.Start(outputShare + 1) * 16) - share.FirstOutput;
            share.Inputs = Math.Min(owner.Inputs, inputs.Start(inputShare + 1) * 32) - share.FirstInput;
            nint tiles = (nint)args.RowsOfBlock * owner._tilesX;
            share.LeftStep = TileTarget.StepOf(tiles * share.Outputs);
            share.RightStep = TileTarget.StepOf(tiles * share.Inputs);
            share.Left = args.Device.Workspace.OfWorker(
                worker, WorkspaceSlots.Left, 36 * (share.LeftStep + share.RightStep));
            share.Right = share.Left + (36 * share.LeftStep);
            share.Scratch = args.Device.Workspace.OfWorker(
                worker, WorkspaceSlots.Image,
                Math.Max(owner._source.Room(args.RowsOfBlock), owner._gradient.Room(args.RowsOfBlock)));
            int end = args.Slices.Start(slice + 1);
            for (int row = args.Slices.Start(slice); row < end; row += args.RowsOfBlock)
            {
                (share.FirstRow, share.Rows) = (row, Math.Min(args.RowsOfBlock, end - row));
                share.Tiles = share.Rows * owner._tilesX;
                for (int input = 0; input < share.Inputs; input += 16)
                    TransformSource(share, input);
                for (int output = 0; output < share.Outputs; output += 16)
                    TransformGradient(share, output);
                Multiply(share);
                share.Add = true;
            }
        }

        // 16 channels into panels of columns, as products read their right matrix.
        private void TransformSource(in Share share, int input)
        {
            ConvolutionGeometry geometry = owner._geometry;
            int count = share.Tiles, wide = args.Device.Kernels.PanelColumns, channel = share.FirstInput + input;
            int panel = input / wide * wide, width = Math.Min(wide, share.Inputs - panel), piece = Math.Min(16, width);
            int* places = stackalloc int[count];
            for (int i = 0; i < count; i++)
                places[i] = (panel * count) + (input - panel) + (i * width);
            nint plane = geometry.InputPlane;
            owner._source.Transform<InputLine>(
                args.Source + ((((nint)share.Group * geometry.InputsOfGroup) + channel) * plane),
                geometry.Inputs * plane, Math.Min(16, geometry.InputsOfGroup - channel), share.FirstRow, share.Rows,
                share.Scratch, new TileTarget(share.Right, share.RightStep, piece, (nint)count * piece), places);
        }

        // 16 channels into panels of rows, as products read their left matrix.
        private void TransformGradient(in Share share, int output)
        {
            ConvolutionGeometry geometry = owner._geometry;
            int count = share.Tiles, rows = RowsOfPanel(args.Device.Kernels), channel = share.FirstOutput + output;
            int* places = stackalloc int[count];
            for (int i = 0; i < count; i++)
                places[i] = (output * count) + (i * rows);
            nint plane = geometry.OutputPlane;
            owner._gradient.Transform<GradientLine<TKind>>(
                args.OutputGradient + ((((nint)share.Group * geometry.OutputsOfGroup) + channel) * plane),
                geometry.Outputs * plane, Math.Min(16, geometry.OutputsOfGroup - channel), share.FirstRow, share.Rows,
                share.Scratch, new TileTarget(share.Left, share.LeftStep, rows, (nint)count * rows), places);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Multiply(in Share share)
        {
            KernelFamily family = args.Device.Kernels;
            int rows = RowsOfPanel(family), add = share.Add ? 1 : 0, pitch = owner.Inputs;
            int outputs = Math.Min(share.Outputs, owner._geometry.OutputsOfGroup - share.FirstOutput);
            nint count = share.Tiles;
            float* zero = PanelProduct.Zero;
            for (int plane = 0; plane < 36; plane++)
            {
                float* left = share.Left + (plane * share.LeftStep), right = share.Right + (plane * share.RightStep);
                float* product = share.Products + (plane * owner.ProductStep) + ((nint)share.FirstOutput * pitch)
                    + share.FirstInput;
                for (int j = 0; j < share.Inputs; j += family.PanelColumns)
                {
                    int width = Math.Min(family.PanelColumns, share.Inputs - j);
                    delegate*<nint, float*, float*, float*, nint, float*, int, int, void> tile =
                        family.Tile(rows, width / family.Lanes);
                    for (int i = 0; i < outputs; i += rows)
                    {
                        tile(
                            count, left + (i * count), right + (j * count), product + ((nint)i * pitch) + j, pitch,
                            zero, add, family.Lanes);
                    }
                }
            }
        }
    }

    // Some output channels, from the slices' products to kernel cells.
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
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        private void Cells(float* product, int channels, float* to)
        {
            int taps = TKind.Taps, all = taps * taps;
            float* sums = stackalloc float[36 * 16], columns = stackalloc float[96 * 5];
            float* cells = stackalloc float[32 * 16];
            nint* offsets = stackalloc nint[16];
            for (int i = 0; i < 16; i++)
                offsets[i] = i * 16;
            nint sliceStep = owner._geometry.Groups * 36 * owner.ProductStep;
            for (int plane = 0; plane < 36; plane++)
            {
                float* from = product + (plane * owner.ProductStep);
                Vector512<float> sum = Vector512.Load(from);
                for (int slice = 1; slice < args.Slices.Parts; slice++)
                    sum += Vector512.Load(from + (slice * sliceStep));
                sum.Store(sums + (plane * 16));
            }

            for (int j = 0; j < 6; j++)
                TKind.FilterGradient(sums + (j * 16), 96, columns + (j * 16), 96);
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
                if (args.Add)
                    sum += Vector512.Load(to + i);
                sum.Store(to + i);
            }

            for (; i < count; i++)
                to[i] = args.Add ? to[i] + from[i] : from[i];
        }
    }
}
