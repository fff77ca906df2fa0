using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// Correlation of sources with weights by Winograd's transforms: the forward pass, and with the kernel turned round
/// the data gradient. Blocks of tiles are transformed to 36 matrices (tiles by channels), multiplied with the weights'
/// 36, and the products transformed back. Where there are many tiles, each thread takes blocks of them through all
/// three steps in memory of its own, and the weights are transformed beforehand; where there are few, each task has a
/// share of the tiles and a share of the target channels, and transforms both for itself. An element's sum has the same
/// order in both.
/// </summary>
internal sealed unsafe class WinogradProduct<TKind>
    where TKind : struct, IWinograd
{
    // Tiles of a block: enough rows for the kernels, and few enough for the second cache to hold a part's
    // products.
    private const int TilesOfBlock = 56;

    // From so many tiles on weights are transformed beforehand; from fewer, but a block, where they are no more floats
    // than the third cache keeps.
    private const int ManyTiles = 150;
    private const long FewWeights = 4 << 20;

    private readonly int _groups;
    private readonly TileSource _source;
    private readonly FilterLayout _filter;
    private readonly TileOutput _output;
    private readonly int _tilesY;
    private readonly int _tilesX;
    private readonly nint _sourcePlane;

    private WinogradProduct(
        int groups, FilterLayout filter, int height, int width, int padY, int padX, int targetHeight, int targetWidth)
    {
        int side = TKind.Outputs;
        _groups = groups;
        _filter = filter;
        _tilesY = (targetHeight + side - 1) / side;
        _tilesX = (targetWidth + side - 1) / side;
        _sourcePlane = (nint)height * width;
        _source = new TileSource(height, width, padY, padX, side, side + TKind.Taps - 1, _tilesY, _tilesX);
        _output = new TileOutput(targetHeight, targetWidth, side, _tilesY, _tilesX);
    }

    private int ChannelBlocks => (_filter.Depth + 15) / 16;

    /// <summary>The product that gives the outputs.</summary>
    public static WinogradProduct<TKind> Forward(ConvolutionGeometry geometry)
    {
        (SpatialAxis y, SpatialAxis x) = (geometry.Axes[0], geometry.Axes[1]);
        var filter = new FilterLayout(
            geometry.InputsOfGroup, geometry.OutputsOfGroup, geometry.OutputsOfGroup * geometry.Depth, geometry.Depth,
            geometry.Taps, IsFlipped: false);
        return new WinogradProduct<TKind>(geometry.Groups, filter, y.Input, x.Input, y.Pad, x.Pad, y.Output, x.Output);
    }

    /// <summary>The product that gives the inputs' gradient from the outputs'.</summary>
    public static WinogradProduct<TKind> DataGradient(ConvolutionGeometry geometry)
    {
        (SpatialAxis y, SpatialAxis x) = (geometry.Axes[0], geometry.Axes[1]);
        var filter = new FilterLayout(
            geometry.OutputsOfGroup, geometry.InputsOfGroup, geometry.OutputsOfGroup * geometry.Depth, geometry.Taps,
            geometry.Depth, IsFlipped: true);
        return new WinogradProduct<TKind>(
            geometry.Groups, filter, y.Output, x.Output, TKind.Taps - 1 - y.Pad, TKind.Taps - 1 - x.Pad, y.Input,
            x.Input);
    }

    /// <summary>Computes the targets of all images.</summary>
    /// <param name="device">Whose threads and memory.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="weights">The convolution's weights.</param>
    /// <param name="source">The sources.</param>
    /// <param name="bias">What each target channel starts from; null for zeros.</param>
    /// <param name="negativeSlope">By what negative targets are multiplied; null leaves them.</param>
    /// <param name="target">The targets, overwritten.</param>
    public void Run(
        CpuDevice device, int images, float* weights, float* source, float* bias, float? negativeSlope, float* target)
    {
        if (images == 0)
            return;
        int rows = images * _tilesY, rowsOfBlock = Math.Max(1, TilesOfBlock / _tilesX);
        int blocks = (rows + rowsOfBlock - 1) / rowsOfBlock, threads = device.Threads;
        bool many = IsMany((long)rows * _tilesX);
        if (many && blocks * _groups < 8 * threads)
            blocks = Math.Min(rows, (blocks + threads - 1) / threads * threads);
        var args = new Arguments
        {
            Device = device,
            Blocks = new EvenSplit(rows, blocks),
            Weights = weights,
            Source = source,
            Bias = bias,
            NegativeSlope = negativeSlope,
            Target = target,
        };
        if (many)
        {
            float* all = device.Workspace.Shared(WorkspaceSlots.Left, _groups * _filter.Parts * _filter.PartSize);
            device.Pool.Run(new FilterBody(this, args, all), _groups * _filter.Parts);
            device.Pool.Run(new BlockBody(this, args, all), _groups * blocks);
            return;
        }

        ShareGrid grid = ShareGrid.Of(
            _groups, threads, blocks, _filter.Parts, (double)rows * _tilesX * ChannelBlocks,
            (double)_filter.Depth * _filter.Parts * (FilterLayout.Lanes / 16));
        device.Pool.Run(new ShareBody(this, args, grid), _groups * grid.First * grid.Second);
    }

    private bool IsMany(long tiles) =>
        tiles >= ManyTiles || (tiles >= TilesOfBlock && _filter.Parts * _filter.PartSize <= FewWeights);

    // Floats from one of the 36 matrices of a block's tiles to the next, and from one of their products.
    private nint PlaneStep(int tiles) => TileTarget.StepOf((nint)tiles * ChannelBlocks * 16);

    private static nint ProductStep(int tiles) => TileTarget.StepOf((nint)tiles * FilterLayout.Lanes);

    // The tiles of a block in panels of rows, each with blocks of 16 channels outermost.
    private void TransformTiles(
        in Arguments args, int worker, int group, int block, int channelBlock, float* to)
    {
        int rows = args.Blocks.Count(block), tiles = rows * _tilesX;
        EvenSplit panels = EvenSplit.RowPanels(args.Device.Kernels, tiles);
        int* places = stackalloc int[tiles];
        for (int p = 0; p < panels.Parts; p++)
        {
            int first = panels.Start(p), count = panels.Count(p);
            int place = ((first * ChannelBlocks) + (channelBlock * count)) * 16;
            for (int i = 0; i < count; i++)
                places[first + i] = place + (i * 16);
        }

        int channel = channelBlock * 16, channels = Math.Min(16, _filter.Depth - channel);
        float* scratch = args.Device.Workspace.OfWorker(
            worker, WorkspaceSlots.Image, _source.Room(args.Blocks.Most));
        float* from = args.Source + ((((nint)group * _filter.Depth) + channel) * _sourcePlane);
        var target = new TileTarget(to, PlaneStep(args.MaxTiles(_tilesX)), 16, 0);
        _source.Transform<InputLine>(
            from, _groups * _filter.Depth * _sourcePlane, channels, args.Blocks.Start(block), rows, scratch, target,
            places);
    }

    // A block of tiles times a part of the weights, and back to targets.
    private void Multiply(
        in Arguments args, int worker, int group, int block, int part, float* tiles, float* weights)
    {
        KernelFamily family = args.Device.Kernels;
        int count = args.Blocks.Count(block) * _tilesX, most = args.MaxTiles(_tilesX);
        int lanes = _filter.LanesOf(part), wide = Math.Min(family.PanelColumns, lanes), vectors = wide / family.Lanes;
        int channel = part * FilterLayout.Lanes, channels = Math.Min(lanes, _filter.Targets - channel);
        nint planeStep = PlaneStep(most), productStep = ProductStep(most);
        float* products = args.Device.Workspace.OfWorker(worker, WorkspaceSlots.Right, 36 * productStep);
        EvenSplit panels = EvenSplit.RowPanels(family, count);
        float* zeros = stackalloc float[FilterLayout.Lanes], starts = stackalloc float[FilterLayout.Lanes];
        new Span<float>(zeros, FilterLayout.Lanes).Clear();
        new Span<float>(starts, FilterLayout.Lanes).Clear();
        if (args.Bias != null)
        {
            float* bias = args.Bias + (group * _filter.Targets) + channel;
            new Span<float>(bias, channels).CopyTo(new Span<float>(starts, channels));
        }

        for (int plane = 0; plane < 36; plane++)
        {
            // The product at the points (1, 1) has a part of 1 in every output: the bias goes there.
            float* init = plane == 7 ? starts : zeros;
            for (int p = 0; p < panels.Parts; p++)
            {
                int first = panels.Start(p);
                float* a = tiles + (plane * planeStep) + ((nint)first * ChannelBlocks * 16);
                float* c = products + (plane * productStep) + ((nint)first * FilterLayout.Lanes);
                delegate*<nint, float*, float*, float*, nint, float*, void> tile =
                    family.BlockTile(panels.Count(p), vectors);
                for (int j = 0; j < lanes; j += wide)
                {
                    float* b = weights + (plane * _filter.PlaneStep) + ((nint)j * _filter.Depth);
                    tile(_filter.Depth, a, b, c + j, FilterLayout.Lanes, init + j);
                }
            }
        }

        float* scratch = args.Device.Workspace.OfWorker(worker, WorkspaceSlots.Image, _output.Room);
        nint imageStep = (nint)_groups * _filter.Targets * _output.Plane;
        for (int lane = 0; lane < channels; lane += 16)
        {
            float* to = args.Target + ((((nint)group * _filter.Targets) + channel + lane) * _output.Plane);
            _output.Transform<TKind>(
                products + lane, productStep, Math.Min(16, channels - lane), args.Blocks.Start(block),
                args.Blocks.Count(block), args.NegativeSlope, scratch, to, imageStep);
        }
    }

    private struct Arguments
    {
        public CpuDevice Device;
        public EvenSplit Blocks;
        public float* Weights;
        public float* Source;
        public float* Bias;
        public float? NegativeSlope;
        public float* Target;

        public readonly int MaxTiles(int tilesX) => Blocks.Most * tilesX;
    }

    // Many tiles: the weights of a part of the target channels.
    private readonly struct FilterBody(WinogradProduct<TKind> owner, Arguments args, float* all) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            FilterLayout filter = owner._filter;
            (int group, int part) = Math.DivRem(task, filter.Parts);
            float* from = args.Weights + ((nint)group * filter.GroupStep);
            WinogradFilter<TKind>.Transform(args.Device.Kernels, filter, from, part, all + (task * filter.PartSize));
        }
    }

    // Many tiles: a block of them, from source to target.
    private readonly struct BlockBody(WinogradProduct<TKind> owner, Arguments args, float* all) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            FilterLayout filter = owner._filter;
            (int group, int block) = Math.DivRem(task, args.Blocks.Parts);
            float* tiles = args.Device.Workspace.OfWorker(
                worker, WorkspaceSlots.Left, 36 * owner.PlaneStep(args.MaxTiles(owner._tilesX)));
            for (int c = 0; c < owner.ChannelBlocks; c++)
                owner.TransformTiles(args, worker, group, block, c, tiles);
            for (int part = 0; part < filter.Parts; part++)
            {
                float* weights = all + (((group * filter.Parts) + part) * filter.PartSize);
                owner.Multiply(args, worker, group, block, part, tiles, weights);
            }
        }
    }

    // Few tiles: a share of them and a share of the target channels.
    private readonly struct ShareBody(WinogradProduct<TKind> owner, Arguments args, ShareGrid grid) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            FilterLayout filter = owner._filter;
            (task, int partShare) = Math.DivRem(task, grid.Second);
            (int group, int tileShare) = Math.DivRem(task, grid.First);
            EvenSplit shares = new(args.Blocks.Parts, grid.First), parts = new(filter.Parts, grid.Second);
            int firstBlock = shares.Start(tileShare), blocks = shares.Count(tileShare);
            nint blockSize = 36 * owner.PlaneStep(args.MaxTiles(owner._tilesX));
            float* tiles = args.Device.Workspace.OfWorker(
                worker, WorkspaceSlots.Left, (shares.Most * blockSize) + filter.PartSize);
            float* weights = tiles + (shares.Most * blockSize);
            for (int b = 0; b < blocks; b++)
            {
                for (int c = 0; c < owner.ChannelBlocks; c++)
                    owner.TransformTiles(args, worker, group, firstBlock + b, c, tiles + (b * blockSize));
            }

            float* from = args.Weights + ((nint)group * filter.GroupStep);
            for (int part = parts.Start(partShare); part < parts.Start(partShare + 1); part++)
            {
                WinogradFilter<TKind>.Transform(args.Device.Kernels, filter, from, part, weights);
                for (int b = 0; b < blocks; b++)
                    owner.Multiply(args, worker, group, firstBlock + b, part, tiles + (b * blockSize), weights);
            }
        }
    }
}
