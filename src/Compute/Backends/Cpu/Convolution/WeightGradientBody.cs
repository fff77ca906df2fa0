using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>The tasks of a weight gradient: a block of images, a group, some columns, some rows.</summary>
/// <param name="shape">What is computed.</param>
/// <param name="target">Where the gradients are.</param>
/// <param name="blockStep">From the gradient of a block of images to the next.</param>
/// <param name="blocks">Blocks of images.</param>
/// <param name="columnParts">Parts of the columns of a group.</param>
/// <param name="rowParts">Parts of the rows of a group.</param>
/// <param name="add">Whether to add to what is there.</param>
internal readonly unsafe struct WeightGradientBody(
    WeightGradient.Shape shape, float* target, nint blockStep, int blocks, int columnParts, int rowParts, bool add)
    : IParallelBody
{
    /// <inheritdoc/>
    public void Invoke(int task, int worker)
    {
        (task, int rowPart) = Math.DivRem(task, rowParts);
        (task, int columnPart) = Math.DivRem(task, columnParts);
        (int block, int group) = Math.DivRem(task, shape.Geometry.Groups);
        KernelFamily family = shape.Device.Kernels;
        int rows = shape.Geometry.OutputsOfGroup, depth = shape.Geometry.Depth;
        int wide = family.PanelColumns, panels = (depth + wide - 1) / wide;
        var part = new Part
        {
            Worker = worker,
            Group = group,
            FirstImage = (int)((long)block * shape.Images / blocks),
            EndImage = (int)((long)(block + 1) * shape.Images / blocks),
            FirstRow = (int)((long)rowPart * rows / rowParts),
            EndRow = (int)((long)(rowPart + 1) * rows / rowParts),
            FirstColumn = (int)((long)columnPart * panels / columnParts) * wide,
            EndColumn = Math.Min(depth, (int)((long)(columnPart + 1) * panels / columnParts) * wide),
            Target = target + (block * blockStep) + ((nint)group * rows * depth),
            Add = add,
        };
        AllPixels(part);
    }

    // Sets of images, bands of units, blocks of pixels: the order in which every element is summed.
    [SkipLocalsInit]
    private void AllPixels(Part part)
    {
        ConvolutionGeometry geometry = shape.Geometry;
        ImplicitProduct forward = shape.Forward;
        SourceLayout layout = forward.Layout;
        PixelPhase phase = forward.Phases[0];
        int pixelsOfUnit = phase.RowsOfUnit * phase.RowLength;
        int firstChannel = part.FirstColumn / geometry.Taps;
        int channels = ((part.EndColumn + geometry.Taps - 1) / geometry.Taps) - firstChannel;
        int bands = (forward.Units + forward.BandUnits - 1) / forward.BandUnits;
        int joined = bands > 1 ? 1 : Math.Max(1, WeightGradient.MaxPixels / geometry.OutputPlane);
        nint imageStep = (nint)geometry.Inputs * geometry.InputPlane, room = (nint)channels * layout.Plane;
        part.ChannelOffset = firstChannel * layout.Plane;
        for (int image = part.FirstImage; image < part.EndImage; image += joined)
        {
            int images = Math.Min(joined, part.EndImage - image);
            float* from = shape.Source + (image * imageStep)
                + ((((nint)part.Group * geometry.InputsOfGroup) + firstChannel) * geometry.InputPlane);
            for (int band = 0; band < bands; band++)
            {
                int unit = (int)((long)band * forward.Units / bands);
                int units = (int)((long)(band + 1) * forward.Units / bands) - unit;
                float* at = from + ((nint)unit * forward.Stride * layout.FirstPitch);
                nint step = imageStep;
                if (!layout.IsDirect)
                {
                    at = shape.Device.Workspace.OfWorker(part.Worker, WorkspaceSlots.Image, images * room);
                    step = room;
                    for (int i = 0; i < images; i++)
                    {
                        layout.Copy(
                            from + (i * imageStep), channels, unit * forward.Stride,
                            ((units - 1) * forward.Stride) + forward.Extent, at + (i * room));
                    }
                }

                int pixels = units * pixelsOfUnit, blocks = BlocksOf(pixels, phase.RowLength, out int grain);
                for (int b = 0; b < blocks; b++)
                {
                    // Whole rows if they are short, else whole registers.
                    int grains = (pixels + grain - 1) / grain;
                    int first = (int)((long)b * grains / blocks) * grain;
                    int end = Math.Min(pixels, (int)((long)(b + 1) * grains / blocks) * grain);
                    Block(part, image, images, (unit * pixelsOfUnit) + first, first, end - first, at, step);
                    part.Add = true;
                }
            }
        }
    }

    private static int BlocksOf(int pixels, int rowLength, out int grain)
    {
        grain = rowLength <= WeightGradient.MaxPixels / 2 ? rowLength : 16;
        int most = WeightGradient.MaxPixels / grain;
        return (((pixels + grain - 1) / grain) + most - 1) / most;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Block(
        in Part part, int image, int images, int planePixel, int bandPixel, int pixels, float* source, nint imageStep)
    {
        KernelFamily family = shape.Device.Kernels;
        PixelPhase phase = shape.Forward.Phases[0];
        int depth = images * pixels, rows = part.EndRow - part.FirstRow, wide = family.PanelColumns;
        int ldc = shape.Geometry.Depth;
        float* left = shape.Device.Workspace.OfWorker(part.Worker, WorkspaceSlots.Left, (long)rows * depth);
        float* right = shape.Device.Workspace.OfWorker(part.Worker, WorkspaceSlots.Right, (long)wide * depth);
        PackLeft(part, image, images, planePixel, pixels, left);
        PixelPiece* pieces = stackalloc PixelPiece[WeightGradient.MaxPixels];
        int* starts = stackalloc int[(WeightGradient.MaxPixels / 16) + 1];
        FillPieces(phase, bandPixel, pixels, images, imageStep, pieces, starts);
        nint* offsets = stackalloc nint[32];
        for (int column = part.FirstColumn; column < part.EndColumn; column += wide)
        {
            int width = Math.Min(wide, part.EndColumn - column), pitch = width <= family.Lanes ? family.Lanes : wide;
            // Columns past the end read the last one again; they are not stored.
            for (int k = 0; k < 32; k++)
                offsets[k] = phase.Offsets[column + Math.Min(k, width - 1)] - part.ChannelOffset;
            for (int pixel = 0, p = 0; pixel < depth; pixel += 16, p++)
            {
                for (int half = 0; half < pitch; half += 16)
                {
                    PixelPanels.Transpose(
                        source, pieces + starts[p], starts[p + 1] - starts[p], offsets + half, Math.Min(16, depth - pixel),
                        right + ((nint)pixel * pitch) + half, pitch, Math.Min(16, pitch - half));
                }
            }

            PanelProduct.Run(
                family, left, rows, depth, right, width, part.Target + ((nint)part.FirstRow * ldc) + column, ldc, part.Add);
        }
    }

    // Output gradients: each row of them is contiguous, but for the step from an image to the next.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void PackLeft(in Part part, int image, int images, int planePixel, int pixels, float* left)
    {
        ConvolutionGeometry geometry = shape.Geometry;
        int rows = part.EndRow - part.FirstRow, plane = geometry.OutputPlane, depth = images * pixels;
        nint* offsets = stackalloc nint[16];
        for (int i = 0; i < 16; i++)
            offsets[i] = i * (nint)plane;
        int panels = Packing.PanelCount(shape.Device.Kernels, rows);
        for (int p = 0; p < panels; p++)
        {
            int first = Packing.PanelStart(rows, panels, p), count = Packing.PanelStart(rows, panels, p + 1) - first;
            float* to = left + ((nint)first * depth);
            int channel = (part.Group * geometry.OutputsOfGroup) + part.FirstRow + first;
            for (int i = 0; i < images; i++)
            {
                float* from = shape.OutputGradient + ((((nint)(image + i) * geometry.Outputs) + channel) * plane) + planePixel;
                for (int pixel = 0; pixel < pixels; pixel += 16)
                {
                    int run = Math.Min(16, pixels - pixel);
                    Packing.Transpose(from + pixel, offsets, count, run, to, count, count, 1);
                    to += run * count;
                }
            }
        }
    }

    // Where each group of 16 pixels lies in the sources.
    private static void FillPieces(
        PixelPhase phase, int first, int pixels, int images, nint imageStep, PixelPiece* pieces, int* starts)
    {
        int count = 0, filled = 0, groups = 0;
        for (int i = 0; i < images; i++)
        {
            (int row, int x) = Math.DivRem(first, phase.RowLength);
            for (int pixel = 0; pixel < pixels;)
            {
                if (filled == 0)
                    starts[groups++] = count;
                int run = Math.Min(Math.Min(16 - filled, phase.RowLength - x), pixels - pixel);
                pieces[count++] = new PixelPiece((i * imageStep) + phase.Rows[row] + x, filled, run);
                filled = (filled + run) % 16;
                pixel += run;
                x += run;
                if (x == phase.RowLength)
                    (row, x) = (row + 1, 0);
            }
        }

        starts[groups] = count;
    }

    private struct Part
    {
        public int Worker;
        public int Group;
        public int FirstImage;
        public int EndImage;
        public int FirstRow;
        public int EndRow;
        public int FirstColumn;
        public int EndColumn;
        public int ChannelOffset;
        public float* Target;
        public bool Add;
    }
}
