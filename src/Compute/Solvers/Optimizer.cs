using System.Globalization;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// Updates a net's parameters from their gradients: learning rate, clipping, normalization, weight decay, the rule
/// of the solver's type. Its state is the history and the current step. A parameter is updated where its layer computes
/// it, and its history is kept there. The bits of an update do not depend on the number of threads, nor on the order in
/// which parameters are updated. A steady iteration allocates no managed memory. Not thread-safe: one call at a time.
/// </summary>
public sealed unsafe class Optimizer : IDisposable
{
    private readonly CpuDevice _device;
    private readonly LearningRatePolicy _policy;
    private readonly UpdateRule _rule;
    private readonly Regularization _regularization;
    private readonly MomentumSchedule _momentum;
    private readonly WeightDecaySchedule _weightDecay;
    private readonly Larc? _larc;
    private readonly float _normalization;
    private readonly float _clip;
    private readonly LearnableParam[] _params;
    private readonly Blob[] _history;

    // For each parameter that an accelerator updates, what is kept there; those of one accelerator have one.
    private readonly GpuUpdates?[] _onGpu;
    private readonly GpuUpdates[] _gpus;
    private readonly bool[] _notFinite;
    private readonly int[] _all;
    private readonly Action<string>? _notice;
    private int _currentStep;
    private float _rate;
    private int? _rateIteration;
    private LearnableParam? _withoutNorm;

    /// <summary>Makes the optimizer of a solver, its history zero.</summary>
    /// <param name="parameter">The solver's message.</param>
    /// <param name="learnable">What to update: a net's learnable parameters, owners only, in the net's order.</param>
    /// <param name="device">Where to compute for parameters of no accelerator.</param>
    /// <param name="notice">Takes remarks meant for the log, one line each. Default: nobody listens.</param>
    /// <exception cref="CaffeException">A setting is unknown or out of range.</exception>
    public Optimizer(
        SolverParameter parameter, IReadOnlyList<LearnableParam> learnable, CpuDevice device,
        Action<string>? notice = null)
    {
        _policy = LearningRatePolicy.Create(parameter);
        _policy.Notice = notice;
        _rule = UpdateRule.Create(parameter);
        _regularization = SolverValidation.RegularizationOf(parameter);
        _momentum = new MomentumSchedule(parameter);
        _weightDecay = new WeightDecaySchedule(parameter);
        _larc = Larc.Of(parameter, learnable.Count);
        _normalization = 1f / parameter.IterSize;
        _clip = parameter.ClipGradients;
        _device = device;
        _notice = notice;
        _params = [.. learnable];
        _history = new Blob[_params.Length * _rule.HistoryBlocks];
        for (int i = 0; i < _history.Length; i++)
            _history[i] = new Blob(_params[i % _params.Length].Blob.Shape);
        _gpus = [.. _params.Select(param => param.Gpu).OfType<GpuDevice>().Distinct()
            .Select(gpu => new GpuUpdates(gpu, _params.Length))];
        _onGpu = [.. _params.Select(param => Array.Find(_gpus, updates => updates.Gpu == param.Gpu))];
        _notFinite = new bool[_params.Length];
        _all = [.. Enumerable.Range(0, _params.Length)];
    }

    /// <summary>What is updated, in the net's order.</summary>
    public IReadOnlyList<LearnableParam> Learnable => _params;

    /// <summary>
    /// What the rule remembers, as solver states store it: one blob for each parameter and of its shape, in the
    /// net's order; rules that remember two values (AdaDelta, Adam) have such a list of each, one after the other.
    /// </summary>
    public IReadOnlyList<Blob> History => _history;

    /// <summary>Steps of the learning rate taken so far (policies step, multistep and plateau).</summary>
    public int CurrentStep => _currentStep;

    /// <summary>What policy plateau goes on from, part of a solver state; null for other policies.</summary>
    public PlateauState? Plateau => _policy.Plateau;

    /// <summary>With larc_turbo one number a parameter that the next updates depend on and solver states do not keep;
    /// else none.</summary>
    public ReadOnlySpan<float> LarcAlignment => _larc is null ? default : _larc.Alignment;

    /// <summary>By what the net multiplied its loss gradients: updates divide by it. Default null: by 1.</summary>
    public GradScale? GradScale { get; init; }

    /// <summary>What the policy's rates are multiplied by; to be set before the first update. Default 1.</summary>
    public float RateFactor { get; set; } = 1;

    /// <summary>Whether gradients are clipped: then all of them must be there before the first update.</summary>
    public bool ClipsGradients => _clip >= 0;

    /// <summary>Whether all gradients must be there before the first update: where they are clipped, or scaled
    /// adaptively.</summary>
    public bool NeedsAllGradients => ClipsGradients || GradScale is { IsAdaptive: true };

    /// <summary>
    /// The first parameter whose last update was out of range in some element: a weight NaN, infinite or beyond 1.8e19
    /// (whose square is infinite), or a history that is NaN or infinite; with <c>clip_gradients</c> one whose gradient
    /// has no finite norm. Such elements keep weight, history and gradient, and without a norm nothing is updated at
    /// all. Null for none. Waits for accelerators.
    /// </summary>
    public LearnableParam? NotFinite
    {
        get
        {
            if (_withoutNorm is not null)
                return _withoutNorm;
            for (int i = 0; i < _params.Length; i++)
            {
                if (_onGpu[i] is { } gpu ? gpu.IsNotFinite(i) : _notFinite[i])
                    return _params[i];
            }

            return null;
        }
    }

    /// <summary>The learning rate of an iteration, to be asked for in order; asking again changes nothing.</summary>
    /// <param name="iteration">Updates done so far.</param>
    public float Rate(int iteration)
    {
        if (_rateIteration != iteration)
        {
            _rate = _policy.Rate(iteration, ref _currentStep) * RateFactor;
            _rateIteration = iteration;
        }

        return _rate;
    }

    /// <summary>Tells the loss of an iteration after its update, once for each, in order: what policy plateau goes
    /// by.</summary>
    /// <param name="iteration">Updates done before it.</param>
    /// <param name="loss">The loss as displayed.</param>
    public void ObserveLoss(int iteration, float loss) => _policy.Observe(iteration, loss, ref _currentStep);

    /// <summary>Updates all parameters: rate, clipping, then each parameter.</summary>
    /// <param name="iteration">Updates done so far.</param>
    /// <param name="gradientScale">Multiplies all gradients first, as 1 / replicas does their sum. Default 1.</param>
    /// <param name="clearGradients">
    /// Zeroes the gradients for the next iteration, at no cost (see <see cref="Blob.ClearDiff"/>). Default false: the
    /// diffs keep Δ, what was subtracted.
    /// </param>
    /// <returns>The learning rate.</returns>
    public float ApplyUpdate(int iteration, float gradientScale = 1, bool clearGradients = false)
    {
        float rate = Rate(iteration);
        if (GradScale is { } admission && !admission.Admits(_device, _params, gradientScale))
        {
            Skip(admission);
            return rate;
        }

        float scale = ClipGradients(gradientScale);
        if (_withoutNorm is not null)
            return rate;
        UpdateParams(_all, rate, iteration, scale, clearGradients);
        GradScale?.Advance();
        return rate;
    }

    /// <summary>
    /// Clips the gradients: where <c>clip_gradients</c> c is set (>= 0) and their L2 norm n over all parameters is
    /// above it, they are to be multiplied by c / n. The diffs stay as they are; the updates multiply.
    /// </summary>
    /// <param name="gradientScale">Multiplies all gradients first. Default 1.</param>
    /// <returns>What <see cref="UpdateParams"/> is to scale the gradients by; without meaning where a norm is NaN or
    /// infinite (see <see cref="NotFinite"/>).</returns>
    public float ClipGradients(float gradientScale = 1)
    {
        _withoutNorm = null;
        if (!ClipsGradients)
            return gradientScale;
        for (int i = 0; i < _params.Length; i++)
            _onGpu[i]?.QueueSquares(i, _params[i].Blob);
        foreach (GpuUpdates gpu in _gpus)
            gpu.ReadSums();
        double sum = 0;
        for (int i = 0; i < _params.Length; i++)
        {
            double squares = _onGpu[i] is { } gpu ? gpu.SquaresOf(i) : SquaresOf(_params[i].Blob);
            if (!double.IsFinite(squares))
                _withoutNorm ??= _params[i];
            sum += squares;
        }

        float norm = (float)(Math.Sqrt(sum) * Math.Abs(Unscaled(gradientScale)));
        if (_withoutNorm is not null || !(norm > _clip))
            return gradientScale;
        float factor = _clip / norm;
        _notice?.Invoke(string.Create(CultureInfo.InvariantCulture,
            $"Gradient clipping: scaling down gradients (L2 norm {norm:g6} > {_clip:g6}) by scale factor {factor:g6}"));
        return gradientScale * factor;
    }

    /// <summary>Updates some parameters, for callers that update each as soon as its gradient is there.</summary>
    /// <param name="indices">Their places in <see cref="Learnable"/>.</param>
    /// <param name="rate">The iteration's <see cref="Rate"/>.</param>
    /// <param name="iteration">Updates done so far.</param>
    /// <param name="gradientScale">What <see cref="ClipGradients"/> gave. Default 1.</param>
    /// <param name="clearGradients">Whether the diffs are zeroed instead of keeping Δ. Default false.</param>
    public void UpdateParams(
        ReadOnlySpan<int> indices, float rate, int iteration, float gradientScale = 1, bool clearGradients = false)
    {
        if (_larc is not null)
            SumUp(indices, _larc.ReadsHistory);
        foreach (int index in indices)
            Update(index, rate, iteration, gradientScale, clearGradients);
    }

    /// <summary>Writes history, current step and what policy plateau keeps into a solver state, whose other fields
    /// stay as they are.</summary>
    public void ToSolverState(SolverState state)
    {
        state.CurrentStep = _currentStep;
        if (Plateau is { } plateau)
            (state.MinimumLoss, state.IterLastEvent) = (plateau.MinimumLoss, plateau.LastEvent);
        state.History.Clear();
        foreach (Blob blob in _history)
            state.History.Add(blob.ToProto());
    }

    /// <summary>
    /// Goes on from a solver state. Blobs with Caffe's old shape of four axes fit where their counts do.
    /// A state that does not fit changes nothing.
    /// </summary>
    /// <exception cref="CaffeException">The history is another net's or solver type's, or damaged.</exception>
    public void Restore(SolverState state)
    {
        if (state.History.Count != _history.Length)
        {
            throw Damaged(
                $"the solver state has {state.History.Count} history blobs where {_history.Length} are needed: "
                + $"{_rule.HistoryBlocks} for each of {_params.Length} learnable parameters. It belongs to another "
                + "net or another solver type");
        }

        if (state.CurrentStep < 0)
            throw Damaged($"the solver state has the impossible current_step {state.CurrentStep}");
        for (int i = 0; i < _history.Length; i++)
            CheckFits(state.History[i], i);
        for (int i = 0; i < _history.Length; i++)
        {
            _history[i].FromProto(state.History[i]);
            _history[i].ReshapeLike(_params[i % _params.Length].Blob);
        }

        _currentStep = state.CurrentStep;
        _policy.Plateau = new PlateauState(state.MinimumLoss, state.IterLastEvent);
        _rateIteration = null;
    }

    /// <summary>Goes on from a saved step; who calls it copies <see cref="History"/> itself.</summary>
    /// <param name="currentStep">A saved <see cref="CurrentStep"/>.</param>
    /// <param name="plateau">A saved <see cref="Plateau"/>; null for other policies.</param>
    public void RestoreProgress(int currentStep, PlateauState? plateau)
    {
        _currentStep = currentStep;
        if (plateau is { } state)
            _policy.Plateau = state;
        _rateIteration = null;
    }

    /// <summary>Goes on from saved <see cref="LarcAlignment"/>.</summary>
    /// <param name="values">One number a parameter; any other count belongs to other settings and is passed
    /// over.</param>
    public void RestoreLarcAlignment(IReadOnlyList<float> values)
    {
        if (_larc is null || _larc.Alignment.Length != values.Count)
            return;
        for (int i = 0; i < values.Count; i++)
            _larc.Alignment[i] = values[i];
    }

    /// <summary>Frees the history.</summary>
    public void Dispose()
    {
        foreach (GpuUpdates gpu in _gpus)
            gpu.Dispose();
        foreach (Blob blob in _history)
            blob.Dispose();
    }

    private void Update(int index, float rate, int iteration, float gradientScale, bool clearGradient)
    {
        LearnableParam learnable = _params[index];
        Blob blob = learnable.Blob, history = _history[index];
        if (blob.Count != history.Count)
        {
            throw new InvalidOperationException(
                $"Parameter '{learnable.Name}' had the shape {history.ShapeString} and now has {blob.ShapeString}.");
        }

        if (blob.Count == 0)
            return;
        Blob? second = _rule.HistoryBlocks > 1 ? _history[_params.Length + index] : null;
        var update = new ParamUpdate
        {
            GradientScale = Unscaled(gradientScale),
            Normalization = _normalization,
            Regularization = _regularization,
            Decay = _weightDecay.At(iteration) * learnable.DecayMult,
            LocalRate = _larc is null ? rate * learnable.LrMult : rate,
            Momentum = _momentum.At(iteration, rate),
            Iteration = iteration,
            ClearGradient = clearGradient,
        };
        if (_larc is not null)
            update = update with { LocalRate = learnable.LrMult == 0 ? 0 : _larc.RateOf(index, SumsOf(index), update) };
        if (_onGpu[index] is { } gpu)
            gpu.Update(index, _rule, new GpuParamMemory(gpu.Gpu, blob, history, second), blob.Count, update);
        else
            _notFinite[index] = !_rule.Update(_device, new ParamMemory(blob, history, second), update);
        // An accelerator has written the zeros by the way; a gradient that did harm stays, to be looked at.
        if (clearGradient && _onGpu[index] is null && !_notFinite[index])
            blob.ClearDiff();
    }

    // What layer-wise rates go by: of all parameters of an accelerator at once, since each copy waits.
    private void SumUp(ReadOnlySpan<int> indices, bool withHistory)
    {
        foreach (int index in indices)
            _onGpu[index]?.QueueSums(index, _params[index].Blob, _history[index], withHistory);
        foreach (GpuUpdates gpu in _gpus)
            gpu.ReadSums();
    }

    private ParamSums SumsOf(int index) => _onGpu[index] is { } gpu
        ? gpu.SumsOf(index, _larc!.ReadsHistory)
        : ParamSums.Of(
            _device, new ParamMemory(_params[index].Blob, _history[index], null), _larc!.ReadsHistory);

    private double SquaresOf(Blob blob) => ParamSums.OfProducts(_device, blob.CpuDiff, blob.CpuDiff, blob.Count);

    private float Unscaled(float gradientScale) => gradientScale / (GradScale?.Factor ?? 1);

    private void Skip(GradScale scale)
    {
        foreach (LearnableParam learnable in _params)
            learnable.Blob.ClearDiff();
        _notice?.Invoke(scale.Skip());
    }

    private void CheckFits(BlobProto stored, int index)
    {
        Blob blob = _history[index];
        IEnumerable<long> shape = stored.IsLegacy()
            ? [stored.Num, stored.Channels, stored.Height, stored.Width]
            : stored.Shape?.Dim ?? [];
        Int128 count = shape.Aggregate((Int128)1, (product, length) => product * length);
        bool fits = stored.IsLegacy()
            ? count == blob.Count
            : shape.SequenceEqual(blob.Shape.ToArray().Select(length => (long)length));
        string of = $"history blob {index} (parameter '{_params[index % _params.Length].Name}')";
        if (!fits)
        {
            throw Damaged($"{of} of the solver state has the shape {string.Join(' ', shape)} ({count}), "
                + $"not {blob.ShapeString}; it belongs to another net");
        }

        int values = stored.StoredValues(), diffs = stored.StoredDiffs();
        if (values != blob.Count || (diffs != 0 && diffs != blob.Count))
        {
            throw Damaged($"{of} of the solver state has {values} values and {diffs} diffs "
                + $"where its shape asks for {blob.Count} values");
        }
    }

    private static CaffeException Damaged(string message) =>
        new(ErrorCodes.BadSnapshot, FailureKind.Data, message);
}
