using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

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
    /// <param name="update">The parameter.</param>
    /// <returns>Whether all new weights are finite.</returns>
    public abstract bool Update(CpuDevice device, in ParamUpdate update);

    /// <summary>A failure of the solver's settings.</summary>
    /// <param name="parameter">The settings.</param>
    /// <param name="field">The field at fault, the message's first word.</param>
    /// <param name="problem">The rest of the message.</param>
    protected static CaffeException Fail(SolverParameter parameter, string field, string problem) =>
        SolverValidation.Fail(parameter, field, problem);
}

/// <summary>An update rule that works on each element by itself.</summary>
/// <typeparam name="TRule">The formula.</typeparam>
public abstract unsafe class UpdateRule<TRule> : UpdateRule
    where TRule : struct, IElementRule
{
    /// <inheritdoc/>
    public sealed override int HistoryBlocks => TRule.HistoryBlocks;

    /// <inheritdoc/>
    public sealed override bool Update(CpuDevice device, in ParamUpdate update)
    {
        int notFinite = 0;
        TRule rule = At(update);
        Elementwise.Run(device, update.Count, new FusedUpdate<TRule>(update, rule, &notFinite));
        return notFinite == 0;
    }

    /// <summary>The formula with its factors for one update.</summary>
    /// <param name="update">What is updated, with its rate and momentum.</param>
    protected abstract TRule At(in ParamUpdate update);
}
