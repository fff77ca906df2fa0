using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>The tasks of a packed product: parts of C, each with packed copies of its own.</summary>
internal unsafe struct ProductBody : IParallelBody
{
    // Numbers packed at a time, for the second cache.
    private const int ChunkFloats = PanelProduct.MaxDepth * PanelProduct.MaxColumns;

    // Row panels up to which column panels are taken one by one: if sums are short, and where B is too large for the
    // caches. With more of them a packed copy is worth its price.
    private const int FewPanels = 2;
    private const int FewPanelsOfLargeB = 5;
    private const int ShortSums = 512;
    private const long LargeBFloats = 1 << 20;

    // The longest parts of the sums of a column panel that is read where it lies, and of one that is packed.
    private const int DirectDepth = 128;
    private const int PackedDepth = 192;

    // Floats of C from which on what is overwritten goes past the caches, and the longest sums with which that pays:
    // they are of one part.
    private const long PastCacheFloats = 4 << 20;
    private const int PastCacheDepth = 64;

    public CpuDevice Device;
    public float* A;
    public nint ARowStep;
    public nint ADepthStep;
    public float* B;
    public nint BDepthStep;
    public nint BColumnStep;
    public float* C;
    public nint Ldc;
    public int M;
    public int N;
    public int K;
    public float Alpha;
    public float Beta;
    public ProductEpilogue Epilogue;
    public int RowParts;
    public int ColumnParts;

    // By the shapes of the whole product alone: the order of the sums hangs on it.
    private readonly bool ColumnPanelsPay =>
        (M <= FewPanels * Device.Kernels.MaxRows && BColumnStep == 1 && K <= ShortSums)
        || (M <= FewPanelsOfLargeB * Device.Kernels.MaxRows && (long)N * K >= LargeBFloats);

    /// <inheritdoc/>
    public readonly void Invoke(int task, int worker)
    {
        int wide = Device.Kernels.PanelColumns;
        (int row, int column) = Math.DivRem(task, ColumnParts);
        EvenSplit rows = new(M, RowParts), panels = new((N + wide - 1) / wide, ColumnParts);
        int j0 = panels.Start(column) * wide, j1 = Math.Min(N, panels.Start(column + 1) * wide);
        if (rows.Count(row) > 0 && j0 < j1)
            Multiply(worker, rows.Start(row), rows.Count(row), j0, j1 - j0);
    }

    private readonly void Multiply(int worker, int i0, int rows, int j0, int columns)
    {
        if (Beta != 0)
            Gemm.Scale(C + (i0 * Ldc) + j0, Ldc, rows, columns, Beta);
        if (ColumnPanelsPay)
            ByColumnPanels(worker, i0, rows, j0, columns);
        else
            ByRowPanels(worker, i0, rows, j0, columns);
    }

    // Each column panel meets all rows, which lie in the second cache. One that is transposed is packed into the first
    // cache; others are read where they lie, since a copy of them would be read but a few times.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private readonly void ByColumnPanels(int worker, int i0, int rows, int j0, int columns)
    {
        KernelFamily family = Device.Kernels;
        int wide = family.PanelColumns, lines = wide / 16;
        int most = BColumnStep == 1 ? DirectDepth : PackedDepth;
        EvenSplit parts = new(K, (K + most - 1) / most), panels = EvenSplit.RowPanels(family, rows);
        float* left = Device.Workspace.OfWorker(worker, WorkspaceSlots.Left, (long)rows * parts.Most);
        float* right = Device.Workspace.OfWorker(worker, WorkspaceSlots.Right, (long)parts.Most * wide);
        nint* none = stackalloc nint[2 * PackedDepth], steps = none + PackedDepth;
        new Span<nint>(none, PackedDepth).Clear();
        for (int part = 0; part < parts.Parts; part++)
        {
            int k0 = parts.Start(part), depth = parts.Count(part);
            Packing.Left(
                family, A + (i0 * ARowStep) + (k0 * ADepthStep), ARowStep, ADepthStep, rows, depth, Alpha, left);
            FillSteps(steps, depth, lines);
            float* b = B + (k0 * BDepthStep) + (j0 * BColumnStep);
            int store = StoreOf(part, parts.Parts);
            for (int j = 0; j < columns; j += wide)
            {
                int width = Math.Min(wide, columns - j);
                bool isDirect = BColumnStep == 1 && width == wide;
                if (!isDirect)
                    Packing.Right(family, b + (j * BColumnStep), BDepthStep, BColumnStep, depth, width, right);
                // The last row panel asks for the next column panel: asked for by all of them it came later.
                float* next = j + wide < columns ? b + ((j + wide) * BColumnStep) : b + (depth * BDepthStep);
                for (int p = 0; p < panels.Parts; p++)
                {
                    bool asks = p == panels.Parts - 1;
                    float* ahead0 = asks ? next : left, ahead1 = asks ? next + (16 * (lines - 1)) : left;
                    int first = panels.Start(p);
                    Tile(
                        part, panels.Count(p), width, depth, left + ((nint)first * depth),
                        isDirect ? b + j : right, isDirect ? BDepthStep : wide,
                        C + ((i0 + first) * Ldc) + j0 + j, j0 + j, store, ahead0, ahead1, asks ? steps : none);
                }
            }
        }
    }

    // A chunk of column panels is packed into the second cache, and row panels, one by one, meet all of it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private readonly void ByRowPanels(int worker, int i0, int rows, int j0, int columns)
    {
        KernelFamily family = Device.Kernels;
        int wide = family.PanelColumns;
        EvenSplit parts = PanelProduct.Depths(K), panels = EvenSplit.RowPanels(family, rows);
        EvenSplit chunks = Chunks(family, columns, parts.Most);
        float* left = Device.Workspace.OfWorker(worker, WorkspaceSlots.Left, (long)rows * parts.Most);
        float* right = Device.Workspace.OfWorker(worker, WorkspaceSlots.Right, (long)parts.Most * chunks.Most * wide);
        nint* none = stackalloc nint[PanelProduct.MaxDepth];
        new Span<nint>(none, PanelProduct.MaxDepth).Clear();
        for (int part = 0; part < parts.Parts; part++)
        {
            int k0 = parts.Start(part), depth = parts.Count(part);
            Packing.Left(
                family, A + (i0 * ARowStep) + (k0 * ADepthStep), ARowStep, ADepthStep, rows, depth, Alpha, left);
            int store = StoreOf(part, parts.Parts);
            bool isPlain = (store & ~TileStore.Add) == 0 && (part > 0 || Epilogue.Bias is null);
            for (int chunk = 0; chunk < chunks.Parts; chunk++)
            {
                int c0 = chunks.Start(chunk) * wide, count = Math.Min(columns, chunks.Start(chunk + 1) * wide) - c0;
                float* b = B + (k0 * BDepthStep) + ((j0 + c0) * BColumnStep), c = C + (i0 * Ldc) + j0 + c0;
                Packing.Right(family, b, BDepthStep, BColumnStep, depth, count, right);
                if (isPlain)
                {
                    PanelProduct.Run(family, left, rows, depth, right, count, c, Ldc, (store & TileStore.Add) != 0);
                    continue;
                }

                for (int p = 0; p < panels.Parts; p++)
                {
                    int first = panels.Start(p), height = panels.Count(p);
                    float* a = left + ((nint)first * depth), to = c + (first * Ldc);
                    for (int j = 0; j < count; j += wide)
                    {
                        Tile(
                            part, height, Math.Min(wide, count - j), depth, a, right + ((nint)j * depth), wide, to + j,
                            j0 + c0 + j, store, a, a, none);
                    }
                }
            }
        }
    }

    private static EvenSplit Chunks(KernelFamily family, int columns, int depth)
    {
        int panels = (columns + family.PanelColumns - 1) / family.PanelColumns;
        int most = Math.Max(2, ChunkFloats / (depth * family.PanelColumns));
        return new EvenSplit(panels, (panels + most - 1) / most);
    }

    // How tiles of a part of the sums are stored.
    private readonly int StoreOf(int part, int parts)
    {
        int store = Beta != 0 || part > 0 ? TileStore.Add : 0;
        if (part == parts - 1 && Epilogue.Activates)
            store |= TileStore.Activate;
        // Tasks end with an operation that orders these stores before all that follow.
        bool isLarge = K <= PastCacheDepth && (long)M * N >= PastCacheFloats;
        if (Beta == 0 && isLarge && Device.Kernels.StoresLines && (nint)C % 64 == 0 && Ldc % 16 == 0)
            store |= TileStore.PastCache;
        return store;
    }

    private readonly void Tile(
        int part, int height, int width, int depth, float* a, float* b, nint ldb, float* c, int column, int store,
        float* ahead0, float* ahead1, nint* steps)
    {
        KernelFamily family = Device.Kernels;
        if (width == family.PanelColumns)
        {
            float* init = part == 0 && Epilogue.Bias is not null ? Epilogue.Bias + column : PanelProduct.Zero;
            family.Stream(height)(depth, a, b, ldb, c, Ldc, init, store, Epilogue.Slope, ahead0, ahead1, steps);
            return;
        }

        PanelProduct.Part(family, height, width, depth, a, b, c, Ldc, PanelProduct.Zero, store & TileStore.Add);
        if (part == 0 && Epilogue.Bias is not null)
            new ProductEpilogue(Epilogue.Bias, null).Apply(c, Ldc, height, column, width);
        if ((store & TileStore.Activate) != 0)
            new ProductEpilogue(null, Epilogue.Slope).Apply(c, Ldc, height, column, width);
    }

    // Where the numbers of a panel lie that is packed next: some lines of a row at each step.
    private readonly void FillSteps(nint* steps, int depth, int lines)
    {
        if (BColumnStep == 1)
        {
            for (int q = 0; q < depth; q++)
                steps[q] = q * BDepthStep;
            return;
        }

        int width = 16 * lines, perRow = (depth + width - 1) / width;
        for (int q = 0; q < depth; q++)
            steps[q] = (q / perRow * BColumnStep) + (q % perRow * width);
    }
}
