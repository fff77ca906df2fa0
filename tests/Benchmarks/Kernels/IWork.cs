namespace CaffeActors.Benchmarks.Kernels;

/// <summary>What a kernel is measured on: the parameter of its benchmarks.</summary>
internal interface IWork
{
    /// <summary>What <see cref="AmountOf"/> counts, in billions a second: <c>GFLOP/s</c> or <c>GB/s</c>.</summary>
    string Unit { get; }

    /// <summary>Floating-point operations, or bytes read and written, of one call.</summary>
    /// <param name="benchmark">The name of the benchmark's method.</param>
    double AmountOf(string benchmark);
}
