using System.Numerics;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Actors.Training;

/// <summary>What one replica takes of an iteration's records.</summary>
/// <param name="Net">The train net with the batch size of a pass.</param>
/// <param name="Images">Records of a replica's batch, iter_size apart; 0 where no layer has a batch size.</param>
/// <param name="Passes">Passes of an iteration.</param>
/// <param name="PassesOfBatch">Passes that a batch is cut into.</param>
/// <param name="MicroBatch">Records of a micro-batch.</param>
internal sealed record ReplicaBatch(
    NetParameter Net, int Images, int Passes, int PassesOfBatch = 1, int MicroBatch = 0)
{
    private const string Field = "batch_size";

    /// <summary>What the first replica takes in a row, the others those after it; null where records are dealt out
    /// singly.</summary>
    public RecordRow? FirstRow { get; init; }

    /// <summary>The share that the settings say.</summary>
    /// <param name="train">The train net as the user wrote it; it is not changed.</param>
    /// <param name="parallel">The settings.</param>
    /// <param name="iterSize">Batches that an iteration adds up.</param>
    /// <param name="notice">Hears which layers are not in the train net.</param>
    /// <param name="warn">Hears warnings.</param>
    /// <exception cref="CaffeException">The batch cannot be cut as asked.</exception>
    public static ReplicaBatch Of(
        NetParameter train, ParallelSettings parallel, int iterSize, Action<string> notice, Action<string> warn)
    {
        NetParameter net = NetStates.Filter(train, notice);
        Size[] sizes = Sizes(net);
        if (parallel.Scaling == BatchScaling.Strong)
        {
            foreach (Size size in sizes)
                Divide(size, parallel, warn);
        }

        int images = sizes.Select(size => size.Value).DefaultIfEmpty(0).Max();
        if (parallel.MicroBatches > 1)
            return new ReplicaBatch(net, images, iterSize, MicroBatch: CutInParts(sizes, parallel));
        if (!parallel.Reproducible)
            return new ReplicaBatch(net, images, iterSize);
        if (parallel.Reduction != ReductionKind.Tree && parallel.Devices.Count > 1)
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                "parallel.reproducible needs the order of parallel.reduction = tree; a ring's depends on the number of "
                + "devices");
        }

        int grains = Grains(sizes, parallel, iterSize);
        foreach (Size size in sizes)
            size.Value = parallel.Grain;
        long row = (long)images * iterSize;
        return new ReplicaBatch(net, images, grains * iterSize, grains)
        {
            FirstRow = new RecordRow(0, row, row * parallel.Devices.Count),
        };
    }

    /// <summary>A replica's share of what a node takes of a batch.</summary>
    /// <param name="train">The train net as the user wrote it; it is not changed.</param>
    /// <param name="parallel">The settings.</param>
    /// <param name="iterSize">Batches that an iteration adds up.</param>
    /// <param name="deal">What each node takes.</param>
    /// <param name="rank">The node.</param>
    /// <param name="notice">Hears which layers are not in the train net.</param>
    public static ReplicaBatch OfNode(
        NetParameter train, ParallelSettings parallel, int iterSize, BatchDeal deal, int rank, Action<string> notice)
    {
        NetParameter net = NetStates.Filter(train, notice);
        NodeShare share = deal.Shares[rank];
        long before = deal.Shares.Take(rank).Sum(other => (long)other.Devices);
        if (share.Records == 0)
        {
            long all = deal.Shares.Sum(other => (long)other.Devices);
            return new ReplicaBatch(net, 0, iterSize) { FirstRow = new RecordRow(before, 1, all) };
        }

        long row = share.Records / share.Devices;
        int pass = checked((int)(deal.IsReproducible ? parallel.Grain : row));
        foreach (Size size in Sizes(net))
            size.Value = pass;
        int passes = deal.IsReproducible ? (int)(row / pass) : iterSize;
        return new ReplicaBatch(net, pass, passes) { FirstRow = new RecordRow(share.Offset, row, deal.Records) };
    }

    /// <summary>Records of one process's whole batch, iter_size apart: <c>batch_size</c>, times its devices where
    /// scaling is weak. 0 where no layer has a batch size.</summary>
    /// <param name="train">The train net as the user wrote it.</param>
    /// <param name="parallel">The settings.</param>
    /// <exception cref="CaffeException">The batch cannot be dealt out to nodes.</exception>
    public static long WholeOf(NetParameter train, ParallelSettings parallel)
    {
        Size[] sizes = Sizes(NetStates.Filter(train, static _ => { }));
        if (sizes.FirstOrDefault(size => size.Value != sizes[0].Value) is { } other)
        {
            throw other.Fail($"{Field} is {other.Value}, that of layer '{sizes[0].Layer.Name}' is {sizes[0].Value}; "
                + "to be dealt out to several nodes they must be equal");
        }

        long batch = sizes.Select(size => (long)size.Value).FirstOrDefault()
            * (parallel.Scaling == BatchScaling.Weak ? parallel.Devices.Count : 1);
        if (parallel.Reproducible && sizes.Length == 0)
            throw NothingToCut();
        if (parallel.Reproducible && batch % parallel.Grain != 0)
        {
            long below = batch / parallel.Grain * parallel.Grain;
            throw sizes[0].Fail($"with reproducible sums a batch must be a multiple of the {parallel.Grain} of "
                + $"parallel.grain, not {batch} images; {Math.Max(below, parallel.Grain)} or "
                + $"{below + parallel.Grain} would do");
        }

        return batch;
    }

    /// <summary>What a replica takes in a row; null where records are dealt out singly.</summary>
    /// <param name="rank">Its rank in this process.</param>
    public RecordRow? RowOf(int rank) =>
        FirstRow is { } first ? first with { Offset = first.Offset + (rank * first.Count) } : null;

    /// <summary>Tells how many images an iteration takes: <c>2 x 64 = 128 images</c>.</summary>
    /// <param name="parallel">The settings.</param>
    /// <param name="iterSize">Batches that an iteration adds up.</param>
    public string Effective(ParallelSettings parallel, int iterSize) =>
        $"{parallel.Devices.Count} x {Images}" + (iterSize > 1 ? $" x {iterSize} (iter_size)" : "")
        + $" = {(long)parallel.Devices.Count * Images * iterSize} images"
        + (parallel.Reproducible ? $", in grains of {parallel.Grain}" : "")
        + (parallel.MicroBatches > 1 ? $", in {parallel.MicroBatches} micro-batches" : "");

    private static Size[] Sizes(NetParameter net) =>
        [.. net.Layer.Where(layer => layer.Bottom.Count == 0).SelectMany(Size.Of)];

    private static CaffeException NothingToCut() => new(ErrorCodes.BadSetting, FailureKind.Configuration,
        $"parallel.reproducible needs a train net that reads batches; no layer of it has a {Field}");

    private static void Divide(Size size, ParallelSettings parallel, Action<string> warn)
    {
        int devices = parallel.Devices.Count, whole = size.Value, share = (int)(((long)whole + devices - 1) / devices);
        if (whole % devices != 0 && parallel.Reproducible)
        {
            throw size.Fail($"{Field} {whole} cannot be divided among {devices} devices, and reproducible sums need "
                + $"equal shares; {whole / devices * devices} or {share * devices} would do");
        }

        if (whole % devices != 0)
        {
            warn($"{Field} {whole} of layer '{size.Layer.Name}' is no multiple of {devices} devices: each takes "
                + $"{share}, {share * devices} in all");
        }

        size.Value = share;
    }

    private static int CutInParts(Size[] sizes, ParallelSettings parallel)
    {
        int parts = parallel.MicroBatches;
        if (sizes.Length == 0 || parallel.Reproducible)
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                sizes.Length == 0
                    ? $"parallel.micro-batches cuts a batch, but no layer of the train net has a {Field}"
                    : "parallel.micro-batches and parallel.reproducible both cut the batch; leave one of them out");
        }

        foreach (Size size in sizes)
        {
            if (size.Value != sizes[0].Value)
            {
                throw size.Fail($"{Field} is {size.Value}, that of layer '{sizes[0].Layer.Name}' is {sizes[0].Value}; "
                    + "to be cut into micro-batches they must be equal");
            }

            if (size.Value % parts != 0)
                throw size.Fail($"{Field} {size.Value} cannot be cut into {parts} equal micro-batches");
        }

        int part = sizes[0].Value / parts;
        foreach (Size size in sizes)
            size.Value = part;
        return part;
    }

    private static int Grains(Size[] sizes, ParallelSettings parallel, int iterSize)
    {
        if (sizes.Length == 0)
            throw NothingToCut();
        int grain = parallel.Grain, batch = sizes[0].Value;
        if (sizes.FirstOrDefault(size => size.Value != batch) is { } other)
        {
            throw other.Fail($"{Field} is {other.Value}, that of layer '{sizes[0].Layer.Name}' is {batch}; with "
                + "reproducible sums they must be equal");
        }

        bool fits = batch % grain == 0
            && (parallel.Devices.Count == 1 || BitOperations.IsPow2(batch / grain * iterSize));
        if (fits)
            return batch / grain;
        if (parallel.Devices.Count > 1 && !BitOperations.IsPow2(iterSize))
        {
            throw sizes[0].Fail($"with reproducible sums on several devices iter_size must be a power of two, "
                + $"not {iterSize}");
        }

        // The grains of a replica, 2^k, below and above what was asked for.
        int below = grain << BitOperations.Log2((uint)Math.Max(1, batch / grain)), above = below * 2;
        throw sizes[0].Fail($"a replica's share of {batch} images must be "
            + (parallel.Devices.Count == 1 ? "a multiple of" : "a power of two times")
            + $" the {grain} of parallel.grain; shares of {below} or {above} images would do");
    }

    // A layer's batch size, in whichever of its parameters it is.
    private sealed class Size(LayerParameter layer, IMessage message, FieldDescriptor batchSize)
    {
        public LayerParameter Layer => layer;

        public int Value
        {
            get => (int)Math.Min((uint)batchSize.Accessor.GetValue(message), int.MaxValue);
            set => batchSize.Accessor.SetValue(message, (uint)value);
        }

        public static IEnumerable<Size> Of(LayerParameter layer) =>
            from parameter in LayerParameter.Descriptor.Fields.InDeclarationOrder()
            where parameter.FieldType == FieldType.Message && !parameter.IsRepeated
            let message = (IMessage?)parameter.Accessor.GetValue(layer)
            where message is not null
            let field = message.Descriptor.FindFieldByName(Field)
            where field is { FieldType: FieldType.UInt32 }
            select new Size(layer, message, field);

        public CaffeException Fail(string message) => new(ErrorCodes.BadSetting, FailureKind.Configuration,
            $"layer '{layer.Name}': {message}", SourcePlaces.Of(layer));
    }
}
