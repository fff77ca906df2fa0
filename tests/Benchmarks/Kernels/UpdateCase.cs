namespace CaffeActors.Benchmarks.Kernels;

/// <summary>An update of parameters.</summary>
/// <param name="Rule">The solver's type.</param>
/// <param name="Blocks">Arrays that are read and written: weights, gradients and what the rule remembers.</param>
internal sealed record UpdateCase(string Rule, int Blocks) : IWork
{
    /// <summary>How many parameters are updated: more than caches hold.</summary>
    public const int Count = 16 << 20;

    /// <summary>All rules.</summary>
    public static IReadOnlyList<UpdateCase> All { get; } =
    [
        new("SGD", 3), new("Nesterov", 3), new("AdaGrad", 3), new("RMSProp", 3), new("AdaDelta", 4), new("Adam", 4),
    ];

    /// <inheritdoc/>
    public string Unit => "GB/s";

    /// <inheritdoc/>
    public double AmountOf(string benchmark) => 2.0 * Blocks * Count * sizeof(float);

    /// <inheritdoc/>
    public override string ToString() => Rule;
}
