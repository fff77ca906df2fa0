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
        int wide = family.PanelColumns;
        EvenSplit images = new(shape.Images, blocks), rowSplit = new(rows, rowParts);
        EvenSplit panels = new((depth + wide - 1) / wide, columnParts);
        var part = new Part
        {
            Worker = worker,
            Group = group,
            FirstImage = images.Start(block),
            EndImage = images.Start(block + 1),
            FirstRow = rowSplit.Start(rowPart),
            EndRow = rowSplit.Start(rowPart + 1),
            FirstColumn = panels.Start(columnPart) * wide,
            EndColumn = Math.Min(depth, panels.Start(columnPart + 1) * wide),
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
        EvenSplit bands = new(forward.Units, (forward.Units + forward.BandUnits - 1) / forward.BandUnits);
        int joined = bands.Parts > 1 ? 1 : Math.Max(1, WeightGradient.MaxPixels / geometry.OutputPlane);
        nint imageStep = (nint)geometry.Inputs * geometry.InputPlane;
        part.ChannelOffset = firstChannel * layout.Plane;
        for (int image = part.FirstImage; image < part.EndImage; image += joined)
        {
            int images = Math.Min(joined, part.EndImage - image);
            float* from = shape.Source + (image * imageStep)
                + ((((nint)part.Group * geometry.InputsOfGroup) + firstChannel) * geometry.InputPlane);
            for (int band = 0; band < bands.Parts; band++)
            {
                int unit = bands.Start(band), units = bands.Count(band), pixels = units * pixelsOfUnit;
                nint step = imageStep;
                float* source = forward.Load(shape.Device, part.Worker, from, images, ref step, channels, unit, units);
                // Whole rows if they are short, else whole registers.
                int grain = phase.RowLength <= WeightGradient.MaxPixels / 2 ? phase.RowLength : 16;
                int grains = (pixels + grain - 1) / grain, most = WeightGradient.MaxPixels / grain;
                EvenSplit blocks = new(grains, (grains + most - 1) / most);
                for (int b = 0; b < blocks.Parts; b++)
                {
                    int first = blocks.Start(b) * grain, count = Math.Min(pixels, blocks.Start(b + 1) * grain) - first;
                    Block(part, image, images, (unit * pixelsOfUnit) + first, first, count, source, step);
                    part.Add = true;
                }
            }
        }
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
                int run = Math.Min(16, depth - pixel), count = starts[p + 1] - starts[p];
                float* to = right + ((nint)pixel * pitch);
                for (int half = 0; half < pitch; half += 16)
                {
                    int fill = Math.Min(16, pitch - half);
                    PixelPanels.Transpose(
                        source, pieces + starts[p], count, offsets + half, run, to + half, pitch, fill);
                }
            }

            float* c = part.Target + ((nint)part.FirstRow * ldc) + column;
            PanelProduct.Run(family, left, rows, depth, right, width, c, ldc, part.Add);
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
        EvenSplit panels = EvenSplit.RowPanels(shape.Device.Kernels, rows);
        for (int p = 0; p < panels.Parts; p++)
        {
            int first = panels.Start(p), count = panels.Count(p);
            float* to = left + ((nint)first * depth);
            int channel = (part.Group * geometry.OutputsOfGroup) + part.FirstRow + first;
            for (int i = 0; i < images; i++)
            {
                nint row = ((nint)(image + i) * geometry.Outputs) + channel;
                float* from = shape.OutputGradient + (row * plane) + planePixel;
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
