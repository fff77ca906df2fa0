using System.Collections.ObjectModel;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Fillers;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers;

/// <summary>
/// One layer of a net: it computes its tops from its bottoms and, backward, the gradients of its bottoms and of its
/// own blobs from those of its tops. A layer is a plain object: it knows no net, actor, file or log.
/// Parameter gradients are added to what is there (the solver clears them once an iteration); bottom gradients are
/// overwritten. Not thread-safe: one call at a time; the call spreads its work over the device's threads.
/// </summary>
public abstract class Layer : IDisposable
{
    private readonly List<Blob> _blobs = [];
    private readonly Dictionary<string, RandomStream> _streams = [];
    private float[] _lossWeights = [];

    // For each loss weight, the memory it was written to and up to where.
    private (SyncedMemory? Memory, int Count)[] _weighted = [];
    private float _lossScale = 1;
    private LayerContext? _context;
    private IGpuLayer? _onGpu;

    /// <summary>Takes the layer's message; stored <c>blobs</c> in it become the layer's.</summary>
    protected Layer(LayerParameter parameter)
    {
        Parameter = parameter;
        foreach (BlobProto stored in parameter.Blobs)
        {
            var blob = new Blob();
            blob.FromProto(stored);
            _blobs.Add(blob);
        }
    }

    /// <summary>The layer's message. Its phase is always set inside a net.</summary>
    public LayerParameter Parameter { get; }

    /// <summary>The layer's name, unique in most nets.</summary>
    public string Name => Parameter.Name;

    /// <summary>The type string.</summary>
    public string Type => Parameter.Type;

    /// <summary>The phase the layer runs in.</summary>
    public Phase Phase => Parameter.Phase;

    /// <summary>The learnable blobs, weights before bias.</summary>
    public IReadOnlyList<Blob> Blobs => _blobs;

    /// <summary>Whether the gradient of a learnable blob is wanted; true unless its lr_mult is 0.</summary>
    public bool[] ParamPropagateDown { get; private set; } = [];

    /// <summary>The random streams of the layer, by purpose; their counters are part of a run's state.</summary>
    public IReadOnlyDictionary<string, RandomStream> RandomStreams => _streams;

    /// <summary>
    /// What the layer's next forward pass begins with, by purpose, where a pass leaves something behind that is not
    /// learnt (the hidden state of a recurrent layer); part of a run's state, as the streams are. Default: nothing.
    /// </summary>
    public virtual IReadOnlyDictionary<string, Blob> CarriedState => ReadOnlyDictionary<string, Blob>.Empty;

    /// <summary>What the layer's last forward pass began with: each blob of <see cref="CarriedState"/> as it was before
    /// that pass, so that the pass can be run again.</summary>
    public virtual IReadOnlyDictionary<string, Blob> StateBeforePass => ReadOnlyDictionary<string, Blob>.Empty;

    /// <summary>Number of bottoms if it must be an exact one, else -1.</summary>
    public virtual int ExactBottoms => -1;

    /// <summary>Least number of bottoms, or -1.</summary>
    public virtual int MinBottoms => -1;

    /// <summary>Greatest number of bottoms, or -1.</summary>
    public virtual int MaxBottoms => -1;

    /// <summary>Number of tops if it must be an exact one, else -1.</summary>
    public virtual int ExactTops => -1;

    /// <summary>Least number of tops, or -1.</summary>
    public virtual int MinTops => -1;

    /// <summary>Greatest number of tops, or -1.</summary>
    public virtual int MaxTops => -1;

    /// <summary>Whether there must be one top for each bottom.</summary>
    public virtual bool EqualBottomsAndTops => false;

    /// <summary>Whether tops that the net does not name are made by themselves (losses).</summary>
    public virtual bool AutoTops => false;

    /// <summary>Whether the layer is a loss: the first top then counts with weight 1 unless the net says
    /// otherwise.</summary>
    public virtual bool IsLoss => false;

    /// <summary>
    /// Floating-point operations (multiply and add count as two) of one forward pass at the present shapes;
    /// by default one for each top element. Valid after <see cref="SetUp"/>.
    /// </summary>
    public virtual long ForwardFlops(Blob[] bottom, Blob[] top) => top.Sum(blob => (long)blob.Count);

    /// <summary>
    /// What a layer that has several ways to compute on the CPU chose for the present shapes, in words: for the tops,
    /// for the bottoms' gradients and for the weights'. Empty, the default, where there is nothing to choose. Valid
    /// after
    /// <see cref="SetUp"/>.
    /// </summary>
    public virtual IReadOnlyList<string> Algorithms => [];

    /// <summary>Whether the layer, as it is set, can compute on an accelerator. Default: where it is an
    /// <see cref="IGpuLayer"/>.</summary>
    public virtual bool HasGpuPath => this is IGpuLayer;

    /// <summary>
    /// Whether the layer's work is the host's by nature (it reads or writes files, or runs a user's code), so that a
    /// net on an accelerator does not miss a path there. Default: a layer that cannot have bottoms, or a class of
    /// a plugged-in library.
    /// </summary>
    public virtual bool BelongsToHost => ExactBottoms == 0 || PlugInFault.IsPluggedIn(this);

    /// <summary>The accelerator the layer computes on, or null: the CPU. Valid after <see cref="SetUp"/>.</summary>
    public GpuDevice? Gpu => _onGpu is null ? null : Context.Gpu;

    /// <summary>The CPU that it computes on where it does not on an accelerator. Valid after
    /// <see cref="SetUp"/>.</summary>
    internal CpuDevice Device => Context.Device;

    /// <summary>Whether another layer computes this one's tops for it: a forward pass then only shapes them.</summary>
    internal bool IsForwardAbsorbed { get; set; }

    /// <summary>Whether another layer computes this one's gradients for it.</summary>
    internal bool IsBackwardAbsorbed { get; set; }

    /// <summary>Whether the only top's data lie in the only bottom's memory, since another layer has put them there and
    /// nobody reads the bottom's.</summary>
    internal bool IsTopShared { get; set; }

    /// <summary>What the layer gets from its net.</summary>
    protected LayerContext Context =>
        _context ?? throw new InvalidOperationException($"Layer '{Name}' is used before SetUp.");

    /// <summary>Whether force_backward may ask for a bottom's gradient. Losses refuse it for labels.</summary>
    public virtual bool AllowForceBackward(int bottom) => true;

    /// <summary>Whether a forward pass changes the layer's blobs, which are not learned then: running statistics.
    /// Default false.</summary>
    public virtual bool ChangesBlobs => false;

    /// <summary>Whether a bottom holds labels, indices or the like, which 16 bits would change (11 bits of a number are
    /// kept, or 8): it is kept in 32. Default false.</summary>
    public virtual bool NeedsExact(int bottom) => false;

    /// <summary>The data of which blobs the gradients are computed from; called after the set-up. What is in no
    /// gradient's computation need not be kept for it. Default: all.</summary>
    public virtual GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.All;

    /// <summary>Whether <see cref="Recompute"/> makes the top of the last forward pass again, bit for bit, from the
    /// bottoms, at the cost of a pass or two over them. Default false.</summary>
    public virtual bool CanRecompute => false;

    /// <summary>Whether, working in place, it keeps a copy of its bottom for its gradient. Default false.</summary>
    public virtual bool CopiesInPlace => false;

    /// <summary>Whether it must keep what its gradient needs; false in a net that is built to run forward
    /// only.</summary>
    public bool KeepsForGradient { get; internal set; } = true;

    /// <summary>The loss weight of a top: 0 where it is no loss.</summary>
    public float LossWeight(int top) => top < _lossWeights.Length ? _lossWeights[top] : 0;

    /// <summary>Prepares the layer: checks the counts, makes its blobs, shapes its tops, sets loss weights.</summary>
    /// <exception cref="CaffeException">The parameters, counts or shapes do not fit.</exception>
    public void SetUp(LayerContext context, Blob[] bottom, Blob[] top)
    {
        _context = context;
        CheckBlobCounts(bottom, top);
        LayerSetUp(bottom, top);
        _onGpu = context.Gpu is not null && HasGpuPath ? (IGpuLayer)this : null;
        if (ParamPropagateDown.Length != _blobs.Count)
        {
            ParamPropagateDown = new bool[_blobs.Count];
            Array.Fill(ParamPropagateDown, true);
        }

        Reshape(bottom, top);
        SetLossWeights(top);
    }

    /// <summary>Shapes the tops, and buffers of the layer's own, after the bottoms.</summary>
    /// <exception cref="CaffeException">The shapes do not fit.</exception>
    public abstract void Reshape(Blob[] bottom, Blob[] top);

    /// <summary>Shapes the tops as <see cref="Reshape"/> does, and keeps their data where they belong.</summary>
    internal void Shape(Blob[] bottom, Blob[] top)
    {
        Reshape(bottom, top);
        // On each pass anew: a bottom that grew has other memory now.
        if (IsTopShared)
            top[0].ShareData(bottom[0]);
    }

    /// <summary>Computes the tops. The bottoms may have changed their shape since the last pass.</summary>
    /// <returns>The layer's part of the loss: each top with a loss weight, weighted and summed.</returns>
    public float Forward(Blob[] bottom, Blob[] top)
    {
        Shape(bottom, top);
        if (IsForwardAbsorbed)
            return 0;
        WriteLossWeights(top);
        if (_onGpu is null)
            ForwardCpu(bottom, top);
        else
            _onGpu.ForwardGpu(Context.Gpu!, bottom, top);
        float loss = 0;
        for (int i = 0; i < _lossWeights.Length; i++)
        {
            if (_lossWeights[i] == 0)
                continue;
            ReadOnlySpan<float> data = top[i].Data, weights = top[i].Diff;
            for (int j = 0; j < data.Length; j++)
                loss += data[j] * weights[j];
        }

        return loss / _lossScale;
    }

    /// <summary>Computes gradients from those of the tops.</summary>
    /// <param name="top">The tops, their diffs set.</param>
    /// <param name="propagateDown">For each bottom, whether its diff is wanted.</param>
    /// <param name="bottom">The bottoms.</param>
    public void Backward(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (IsBackwardAbsorbed)
            return;
        if (_onGpu is null)
            BackwardCpu(top, propagateDown, bottom);
        else
            _onGpu.BackwardGpu(Context.Gpu!, top, propagateDown, bottom);
    }

    /// <summary>Whether the layer computes where another one does: on the same CPU and accelerator.</summary>
    internal bool IsBeside(Layer other) =>
        ReferenceEquals(Context.Device, other.Context.Device) && ReferenceEquals(Gpu, other.Gpu);

    /// <summary>Frees the learnable blobs and the buffers.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads parameters and makes the learnable blobs; called once, before the first
    /// <see cref="Reshape"/>.</summary>
    protected virtual void LayerSetUp(Blob[] bottom, Blob[] top)
    {
    }

    /// <summary>Computes the tops on the CPU.</summary>
    protected abstract void ForwardCpu(Blob[] bottom, Blob[] top);

    /// <summary>Computes the tops of the last forward pass again, and changes nothing else. Default:
    /// <see cref="ForwardCpu"/>.</summary>
    protected internal virtual void Recompute(Blob[] bottom, Blob[] top) => ForwardCpu(bottom, top);

    /// <summary>Computes the gradients on the CPU.</summary>
    protected abstract void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom);

    /// <summary>Frees what the layer owns besides its blobs.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (Blob blob in _blobs)
            blob.Dispose();
    }

    /// <summary>
    /// The learnable blob number <paramref name="index"/>: made and filled, or, where the message brought it along,
    /// checked. Layers call it once for each blob, in order.
    /// </summary>
    /// <param name="index">0 for the first.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <param name="filler">How to fill it; null for zeros.</param>
    protected Blob LearnableBlob(int index, ReadOnlySpan<int> shape, FillerParameter? filler)
    {
        if (index < _blobs.Count)
        {
            if (_blobs[index].Count == Blob.CountOf(shape))
                _blobs[index].Reshape(shape);
            if (!_blobs[index].Shape.SequenceEqual(shape))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"stored blob {index} has the shape {_blobs[index].ShapeString} where the layer needs "
                    + $"{Blob.FormatShape(shape)}");
            }

            return _blobs[index];
        }

        var blob = new Blob(shape);
        if (filler is not null)
        {
            var stream = new RandomStream(Context.Seed, RandomStream.StreamId($"{Name}/blob{index}"));
            Filler.Create(filler).FillWhenUsed(blob, stream.NextDraw());
        }

        _blobs.Add(blob);
        return blob;
    }

    /// <summary>Refuses a top that is also a bottom: for layers that read on after they began to write.</summary>
    /// <exception cref="CaffeException">A top is a bottom.</exception>
    protected void RefuseInPlace(Blob[] bottom, Blob[] top)
    {
        if (top.Any(bottom.Contains))
        {
            throw Fail(ErrorCodes.BadConnection,
                "it cannot work in place; give its "
                + (top.Length == 1 ? "top a name of its own" : "tops names of their own"));
        }
    }

    /// <summary>A random stream of the layer's own, separate for each replica but with
    /// <see cref="LayerContext.Row"/>.</summary>
    /// <param name="purpose">Names it within the layer.</param>
    protected RandomStream CreateStream(string purpose) =>
        _streams[purpose] = new RandomStream(
            Context.Seed,
            RandomStream.StreamId($"{Name}/{purpose}/{(Context.Row is null ? Context.SolverRank : 0)}"));

    /// <summary>A failure of this layer, with its name and, where it was read from text, its place.</summary>
    /// <param name="code">One of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">What is wrong, with the offending values, and what to do.</param>
    /// <param name="kind">Decides the exit code.</param>
    /// <param name="batchItem">Which item of the batch is at fault; -1 for none.</param>
    protected CaffeException Fail(
        string code, string message, FailureKind kind = FailureKind.Configuration, int batchItem = -1) =>
        new(code, kind, $"layer '{Name}' ({Type}): {message}", SourcePlaces.Of(Parameter)) { BatchItem = batchItem };

    private void CheckBlobCounts(Blob[] bottom, Blob[] top)
    {
        Check(bottom.Length, ExactBottoms, MinBottoms, MaxBottoms, "bottom");
        Check(top.Length, ExactTops, MinTops, MaxTops, "top");
        if (EqualBottomsAndTops && bottom.Length != top.Length)
        {
            throw Fail(ErrorCodes.BlobCount,
                $"there must be one top for each bottom, but it has {bottom.Length} bottom(s) and {top.Length} top(s)");
        }

        void Check(int count, int exact, int min, int max, string what)
        {
            string? need = exact >= 0 && count != exact ? $"exactly {exact}"
                : min >= 0 && count < min ? $"at least {min}"
                : max >= 0 && count > max ? $"at most {max}"
                : null;
            if (need is not null)
                throw Fail(ErrorCodes.BlobCount, $"it needs {need} {what} blob(s) and has {count}");
        }
    }

    private void SetLossWeights(Blob[] top)
    {
        int given = Parameter.LossWeight.Count;
        if (given == 0)
        {
            _lossWeights = IsLoss && top.Length > 0 ? [1] : [];
        }
        else
        {
            // One weight of a loss is its first top's: a second top (probabilities) is no loss.
            if (given != top.Length && !(IsLoss && given == 1))
            {
                throw Fail(ErrorCodes.BlobCount,
                    $"loss_weight is given {given} times; it must be given once for each of the {top.Length} "
                    + $"top(s), or not at all");
            }

            _lossWeights = [.. Parameter.LossWeight];
        }

        _weighted = new (SyncedMemory?, int)[_lossWeights.Length];
        WriteLossWeights(top);
    }

    // Only where they are not yet: what another layer that reads the top has put there since is to stay. A top that
    // grows gets new memory.
    private void WriteLossWeights(Blob[] top)
    {
        float scale = Context.GradScale?.Factor ?? 1;
        bool rescaled = scale != _lossScale;
        _lossScale = scale;
        for (int i = 0; i < _lossWeights.Length; i++)
        {
            if (_lossWeights[i] == 0)
                continue;
            SyncedMemory memory = top[i].DiffMemory;
            int written = ReferenceEquals(memory, _weighted[i].Memory) && !rescaled ? _weighted[i].Count : 0;
            if (written >= top[i].Count)
                continue;
            top[i].MutableDiff[written..].Fill(_lossWeights[i] * scale);
            _weighted[i] = (memory, top[i].Count);
        }
    }
}
