using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using ILGPU;

namespace CaffeActors.Compute.Solvers;

/// <summary>How a solver turns a gradient into an update: what tells one solver type from another.</summary>
public abstract class UpdateRule
{
    private static readonly Catalog<UpdateRule, UpdateRuleAttribute, SolverParameter> _catalog =
        new(typeof(UpdateRule).Assembly);

    /// <summary>The known solver types, sorted.</summary>
    public static IReadOnlyCollection<string> Names => _catalog.Names;

    /// <summary>Blocks of history the rule keeps, each as large as all parameters: 1 or 2.</summary>
    public abstract int HistoryBlocks { get; }

    /// <summary>Makes the rule a message names, "SGD" by default.</summary>
    /// <exception cref="CaffeException">No rule has the name, or its settings are out of range.</exception>
    public static UpdateRule Create(SolverParameter parameter) =>
        _catalog.Create(parameter.Type, parameter)
        ?? throw SolverValidation.UnknownName(parameter, "type", parameter.Type, Names);

    /// <summary>Updates a parameter and its history.</summary>
    /// <param name="device">Whose threads do it; their number does not change the result.</param>
    /// <param name="memory">The parameter.</param>
    /// <param name="update">What is done.</param>
    /// <returns>Whether all elements were in range: the others are as they were (see
    /// <see cref="Optimizer.NotFinite"/>).</returns>
    public abstract bool Update(CpuDevice device, in ParamMemory memory, in ParamUpdate update);

    /// <summary>Queues the update of a parameter and its history on an accelerator.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="memory">The parameter.</param>
    /// <param name="count">Number of its elements.</param>
    /// <param name="update">What is done.</param>
    /// <param name="notFinite">One number, set where an element was out of range; else left alone.</param>
    /// <param name="mark">What it is set to.</param>
    internal abstract void Update(
        GpuDevice gpu, in GpuParamMemory memory, int count, in ParamUpdate update, ArrayView<int> notFinite, int mark);

    /// <summary>A failure of the solver's settings.</summary>
    /// <param name="parameter">The settings.</param>
    /// <param name="field">The field at fault, the message's first word.</param>
    /// <param name="problem">The rest of the message.</param>
    protected static CaffeException Fail(SolverParameter parameter, string field, string problem) =>
        SolverValidation.Fail(parameter, field, problem);
}

/// <summary>An update rule that works on each element by itself.</summary>
/// <typeparam name="TRule">The formula on 16 elements.</typeparam>
/// <typeparam name="TGpuRule">The formula on one element.</typeparam>
public abstract unsafe class UpdateRule<TRule, TGpuRule> : UpdateRule
    where TRule : struct, IElementRule
    where TGpuRule : struct, IGpuElementRule
{
    /// <inheritdoc/>
    public sealed override int HistoryBlocks => TRule.HistoryBlocks;

    /// <inheritdoc/>
    public sealed override bool Update(CpuDevice device, in ParamMemory memory, in ParamUpdate update)
    {
        int notFinite = 0;
        TRule rule = Widen(At(update));
        Elementwise.Run(device, memory.Count, new FusedUpdate<TRule>(memory, update, rule, &notFinite));
        return notFinite == 0;
    }

    /// <inheritdoc/>
    internal sealed override void Update(
        GpuDevice gpu, in GpuParamMemory memory, int count, in ParamUpdate update, ArrayView<int> notFinite,
        int mark) =>
        gpu.Run(count, new GpuFusedUpdate<TGpuRule>(
            memory, update, At(update), TRule.HistoryBlocks, notFinite, mark));

    /// <summary>The formula with its factors for one update.</summary>
    /// <param name="update">What is done, with its rate and momentum.</param>
    protected abstract TGpuRule At(in ParamUpdate update);

    /// <summary>The same formula on 16 elements.</summary>
    /// <param name="rule">It, with its factors.</param>
    protected abstract TRule Widen(in TGpuRule rule);
}
