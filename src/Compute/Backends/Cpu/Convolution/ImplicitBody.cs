using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>The tasks of an implicit product: a block of images, a group, a band of units, some target channels.</summary>
internal readonly unsafe struct ImplicitBody(
    ImplicitProduct product, PackedWeights weights, CpuDevice device, ImplicitPlan plan,
    float* packed, float* source, float* bias, float* target) : IParallelBody
{
    /// <inheritdoc/>
    public void Invoke(int task, int worker)
    {
        (task, int rowPart) = Math.DivRem(task, plan.RowParts);
        (task, int band) = Math.DivRem(task, plan.Bands);
        (int block, int group) = Math.DivRem(task, product.Groups);
        int unit = (int)((long)band * product.Units / plan.Bands);
        int units = (int)((long)(band + 1) * product.Units / plan.Bands) - unit;
        int first = block * plan.Joined, images = Math.Min(plan.Joined, plan.Images - first);
        if (units == 0)
            return;
        int sources = product.Channels * product.Groups;
        float* from = source + (((nint)first * sources) + ((nint)group * product.Channels)) * product.SourcePlane;
        nint step = (nint)sources * product.SourcePlane;
        if (product.Layout.IsDirect)
        {
            from += (nint)unit * product.Stride * product.Layout.FirstPitch;
        }
        else
        {
            nint room = (nint)product.Channels * product.Layout.Plane;
            float* buffer = device.Workspace.OfWorker(worker, WorkspaceSlots.Image, images * room);
            for (int i = 0; i < images; i++)
            {
                product.Layout.Copy(
                    from + (i * step), product.Channels, unit * product.Stride,
                    ((units - 1) * product.Stride) + product.Extent, buffer + (i * room));
            }

            from = buffer;
            step = room;
        }

        int panels = Packing.PanelCount(device.Kernels, product.Rows);
        int panel = rowPart * panels / plan.RowParts, panelEnd = (rowPart + 1) * panels / plan.RowParts;
        for (int f = 0; f < product.Phases.Length; f++)
        {
            PixelPhase phase = product.Phases[f];
            int count = Math.Min(units, phase.Units - unit);
            if (count > 0)
                Compute(worker, phase, f, group, first, images, unit, count, from, step, panel, panelEnd);
        }
    }

    // Chunk after chunk of the block's pixels, all parts of the sums of one chunk before the next.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Compute(
        int worker, PixelPhase phase, int number, int group, int firstImage, int images, int unit, int units,
        float* from, nint imageStep, int panel, int panelEnd)
    {
        KernelFamily family = device.Kernels;
        int wide = family.PanelColumns, rows = product.Rows;
        int columns = images * units * phase.RowsOfUnit * phase.RowLength;
        int columnPanels = (columns + wide - 1) / wide, perChunk = PanelProduct.MaxColumns / wide;
        int chunks = (columnPanels + perChunk - 1) / perChunk;
        int parts = PanelProduct.Parts(phase.Depth), depthMost = (phase.Depth + parts - 1) / parts;
        float* right = device.Workspace.OfWorker(
            worker, WorkspaceSlots.Right, (long)depthMost * Math.Min(columnPanels, perChunk) * wide);
        float* left = packed + weights.Start(group, number);
        nint imageTargets = (nint)rows * product.Groups * product.TargetPlane;
        float* to = target + (firstImage * imageTargets) + ((nint)group * rows * product.TargetPlane)
            + phase.TargetOrigin + ((nint)unit * phase.UnitStep);
        PixelPiece* sources = stackalloc PixelPiece[PanelProduct.MaxColumns];
        PixelPiece* targets = stackalloc PixelPiece[PanelProduct.MaxColumns];
        int* starts = stackalloc int[2 * ((PanelProduct.MaxColumns / 16) + 1)];
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int first = (int)((long)chunk * columnPanels / chunks) * wide;
            int count = Math.Min(columns, (int)((long)(chunk + 1) * columnPanels / chunks) * wide) - first;
            var chunkPieces = new ChunkPieces(sources, targets, starts, starts + (PanelProduct.MaxColumns / 16) + 1);
            chunkPieces.Fill(phase, units, first, count, wide, imageStep, imageTargets);
            for (int part = 0; part < parts; part++)
            {
                int k0 = PanelProduct.PartStart(phase.Depth, parts, part);
                int depth = PanelProduct.PartStart(phase.Depth, parts, part + 1) - k0;
                Pack(family, phase, chunkPieces, count, k0, depth, from, right);
                Multiply(family, phase, chunkPieces, count, group, depth, left + ((nint)rows * k0), right, to, part, panel, panelEnd);
            }
        }
    }

    private static void Pack(
        KernelFamily family, PixelPhase phase, ChunkPieces pieces, int count, int k0, int depth, float* from, float* to)
    {
        int wide = family.PanelColumns;
        for (int j = 0, p = 0; j < count; j += wide, p++)
        {
            int pitch = count - j <= family.Lanes ? family.Lanes : wide;
            PixelPanels.Pack(
                from, phase.Offsets + k0, depth, pieces.Sources + pieces.SourceStarts[p],
                pieces.SourceStarts[p + 1] - pieces.SourceStarts[p], pitch, to + ((nint)j * depth));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Multiply(
        KernelFamily family, PixelPhase phase, ChunkPieces pieces, int count, int group, int depth,
        float* left, float* right, float* to, int part, int panel, int panelEnd)
    {
        int rows = product.Rows, panels = Packing.PanelCount(family, rows), wide = family.PanelColumns;
        int add = part > 0 ? 1 : 0;
        float* zero = PanelProduct.Zero;
        float* buffer = stackalloc float[16 * 32];
        for (; panel < panelEnd; panel++)
        {
            int first = Packing.PanelStart(rows, panels, panel), height = Packing.PanelStart(rows, panels, panel + 1) - first;
            float* a = left + ((nint)first * depth), c = to + ((nint)first * product.TargetPlane);
            float* init = bias is null || part > 0 ? zero : bias + (group * rows) + first;
            delegate*<nint, float*, float*, float*, nint, float*, int, int, void> tile = family.Tile(height, 2);
            for (int j = 0, p = 0; j < count; j += wide, p++)
            {
                int width = Math.Min(wide, count - j);
                int piece = pieces.TargetStarts[p], end = pieces.TargetStarts[p + 1];
                float* b = right + ((nint)j * depth);
                if (end - piece == 1 && phase.TargetStep == 1)
                {
                    float* at = c + pieces.Targets[piece].Offset;
                    if (width == wide)
                        tile(depth, a, b, at, product.TargetPlane, init, add, family.Lanes);
                    else
                        PanelProduct.Part(family, height, width, depth, a, b, at, product.TargetPlane, init, add);
                    continue;
                }

                family.Tile(height, width <= family.Lanes ? 1 : 2)(depth, a, b, buffer, 32, init, 0, family.Lanes);
                for (; piece < end; piece++)
                    Scatter(buffer, pieces.Targets[piece], height, c, product.TargetPlane, phase.TargetStep, add != 0);
            }
        }
    }

    private static void Scatter(
        float* from, PixelPiece piece, int height, float* to, nint plane, int step, bool add)
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

            from += 32;
            to += plane;
        }
    }
}
