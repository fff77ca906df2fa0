using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>Tasks of an implicit product: a block of images, a group, a band of units, some target channels.</summary>
internal readonly unsafe struct ImplicitBody(
    ImplicitProduct product, PackedWeights weights, CpuDevice device, ImplicitPlan plan,
    float* packed, float* source, float* bias, float* target, float? slope) : IParallelBody
{
    /// <inheritdoc/>
    public void Invoke(int task, int worker)
    {
        (task, int rowPart) = Math.DivRem(task, plan.RowParts);
        (task, int band) = Math.DivRem(task, plan.Bands);
        (int block, int group) = Math.DivRem(task, product.Groups);
        EvenSplit bands = new(product.Units, plan.Bands);
        EvenSplit panels = new(EvenSplit.RowPanels(device.Kernels, product.Rows).Parts, plan.RowParts);
        int first = block * plan.Joined, unit = bands.Start(band), units = bands.Count(band);
        if (units == 0)
            return;
        var part = new Part
        {
            Worker = worker,
            Images = Math.Min(plan.Joined, plan.Images - first),
            Unit = unit,
            FirstRow = group * product.Rows,
            FirstPanel = panels.Start(rowPart),
            EndPanel = panels.Start(rowPart + 1),
            SourceStep = (nint)product.Channels * product.Groups * product.SourcePlane,
            TargetStep = (nint)product.Rows * product.Groups * product.TargetPlane,
        };
        float* from = source + (first * part.SourceStep) + ((nint)group * product.Channels * product.SourcePlane);
        part.Source = product.Load(
            device, worker, from, part.Images, ref part.SourceStep, product.Channels, unit, units);
        part.Target = target + (first * part.TargetStep) + ((nint)group * product.Rows * product.TargetPlane);
        for (int f = 0; f < product.Phases.Length; f++)
        {
            part.Units = Math.Min(units, product.Phases[f].Units - unit);
            if (part.Units > 0)
                Compute(part, product.Phases[f], packed + weights.Start(group, f));
        }
    }

    // Chunk after chunk of the block's pixels, all parts of the sums of one chunk before the next.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Compute(in Part part, PixelPhase phase, float* left)
    {
        KernelFamily family = device.Kernels;
        int columns = part.Images * part.Units * phase.RowsOfUnit * phase.RowLength, wide = family.PanelColumns;
        EvenSplit chunks = PanelProduct.Chunks(family, columns), depths = PanelProduct.Depths(phase.Depth);
        float* right = device.Workspace.OfWorker(
            part.Worker, WorkspaceSlots.Right, (long)depths.Most * chunks.Most * wide);
        PixelPiece* sources = stackalloc PixelPiece[PanelProduct.MaxColumns];
        PixelPiece* targets = stackalloc PixelPiece[PanelProduct.MaxColumns];
        int* sourceStarts = stackalloc int[(PanelProduct.MaxColumns / 16) + 1];
        int* targetStarts = stackalloc int[(PanelProduct.MaxColumns / 16) + 1];
        var pieces = new ChunkPieces(sources, targets, sourceStarts, targetStarts);
        // Pointwise convolution of one image: the matrix is the image itself.
        bool isImage = phase.Taps.Length == 1 && columns == phase.RowLength;
        for (int chunk = 0; chunk < chunks.Parts; chunk++)
        {
            int first = chunks.Start(chunk) * wide, count = Math.Min(columns, chunks.Start(chunk + 1) * wide) - first;
            pieces.Fill(phase, part.Units, first, count, wide, part.SourceStep, part.TargetStep);
            for (int d = 0; d < depths.Parts; d++)
            {
                int k = depths.Start(d), depth = depths.Count(d);
                int* offsets = phase.Offsets + k;
                if (isImage)
                    Packing.Right(family, part.Source + *offsets + first, product.Layout.Plane, 1, depth, count, right);
                else
                    Pack(family, part.Source, offsets, depth, pieces, count, right);
                Multiply(
                    part, phase, pieces, count, left + ((nint)product.Rows * k), right, depth, d == 0,
                    slope is not null && d == depths.Parts - 1);
            }
        }
    }

    private static void Pack(
        KernelFamily family, float* from, int* offsets, int depth, ChunkPieces pieces, int count, float* to)
    {
        int wide = family.PanelColumns;
        for (int j = 0, p = 0; j < count; j += wide, p++)
        {
            int pitch = count - j <= family.Lanes ? family.Lanes : wide, first = pieces.SourceStarts[p];
            PixelPanels.Pack(
                from, offsets, depth, pieces.Sources + first, pieces.SourceStarts[p + 1] - first, pitch,
                to + ((nint)j * depth));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Multiply(
        in Part part, PixelPhase phase, ChunkPieces pieces, int count,
        float* left, float* right, int depth, bool isFirst, bool rectify)
    {
        KernelFamily family = device.Kernels;
        EvenSplit panels = EvenSplit.RowPanels(family, product.Rows);
        int wide = family.PanelColumns, plane = product.TargetPlane, add = isFirst ? 0 : 1;
        float* zero = PanelProduct.Zero;
        float* tileBuffer = stackalloc float[PanelProduct.TileSize];
        float* origin = part.Target + phase.TargetOrigin + ((nint)part.Unit * phase.UnitStep);
        for (int panel = part.FirstPanel; panel < part.EndPanel; panel++)
        {
            int first = panels.Start(panel), height = panels.Count(panel);
            float* a = left + ((nint)first * depth), c = origin + ((nint)first * plane);
            float* init = bias is not null && isFirst ? bias + part.FirstRow + first : zero;
            delegate*<nint, float*, float*, float*, nint, float*, int, int, void> tile = family.Tile(height, 2);
            for (int j = 0, p = 0; j < count; j += wide, p++)
            {
                int width = Math.Min(wide, count - j), piece = pieces.TargetStarts[p], end = pieces.TargetStarts[p + 1];
                float* b = right + ((nint)j * depth);
                if (end - piece == 1 && phase.TargetStep == 1)
                {
                    float* at = c + pieces.Targets[piece].Offset;
                    if (width == wide)
                        tile(depth, a, b, at, plane, init, add, family.Lanes);
                    else
                        PanelProduct.Part(family, height, width, depth, a, b, at, plane, init, add);
                    if (rectify)
                        Rectifier.Apply(at, plane, height, width, slope.GetValueOrDefault());
                    continue;
                }

                family.Tile(height, width <= family.Lanes ? 1 : 2)(
                    depth, a, b, tileBuffer, PanelProduct.TilePitch, init, 0, family.Lanes);
                for (; piece < end; piece++)
                {
                    PixelPiece target = pieces.Targets[piece];
                    Scatter(tileBuffer, target, height, c, plane, phase.TargetStep, !isFirst);
                    // Only targets next to each other are ever rectified: those of a forward product.
                    if (rectify)
                        Rectifier.Apply(c + target.Offset, plane, height, target.Length, slope.GetValueOrDefault());
                }
            }
        }
    }

    private static void Scatter(float* from, PixelPiece piece, int height, float* to, nint plane, int step, bool add)
    {
        from += piece.Column;
        to += piece.Offset;
        for (int i = 0; i < height; i++)
        {
            if (step == 1 && Avx512F.IsSupported)
            {
                for (int j = 0; j < piece.Length; j += 16)
                {
                    Vector512<float> mask =
                        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(piece.Length - j)).AsSingle();
                    Vector512<float> sum = Vector512.Load(from + j);
                    if (add)
                        sum += Avx512F.MaskLoad(to + j, mask, Vector512<float>.Zero);
                    Avx512F.MaskStore(to + j, mask, sum);
                }
            }
            else if (add)
            {
                for (int j = 0; j < piece.Length; j++)
                    to[j * step] += from[j];
            }
            else
            {
                for (int j = 0; j < piece.Length; j++)
                    to[j * step] = from[j];
            }

            from += PanelProduct.TilePitch;
            to += plane;
        }
    }

    // What a task works on.
    private struct Part
    {
        public int Worker;
        public int Images;
        public int Unit;
        public int Units;
        public int FirstRow;
        public int FirstPanel;
        public int EndPanel;
        public float* Source;
        public nint SourceStep;
        public float* Target;
        public nint TargetStep;
    }
}
