using CaffeActors.Compute.Backends.Cpu.Blas;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>A product of matrices that a net makes.</summary>
/// <param name="Name">Its line in the table.</param>
/// <param name="TransA">Whether A is stored k by m.</param>
/// <param name="TransB">Whether B is stored n by k.</param>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">Length of the sums.</param>
/// <param name="Blas">The library that computes it; the engine's own kernels do unless it is given.</param>
internal sealed record GemmCase(
    string Name, bool TransA, bool TransB, int M, int N, int K, string Blas = BlasChoice.Managed) : IWork
{
    private static readonly GemmCase[] Shapes =
    [
        new("256 NN", false, false, 256, 256, 256),
        new("512 NN", false, false, 512, 512, 512),
        new("512 NT", false, true, 512, 512, 512),
        new("512 TN", true, false, 512, 512, 512),
        new("1024 NN", false, false, 1024, 1024, 1024),
        new("1024 NT", false, true, 1024, 1024, 1024),
        new("1024 TN", true, false, 1024, 1024, 1024),
        new("2048 NN", false, false, 2048, 2048, 2048),
        new("fc6 x 1 forward", false, true, 1, 4096, 9216),
        new("fc6 x 1 weights", true, false, 4096, 9216, 1),
        new("fc6 x 1 data", false, false, 1, 9216, 4096),
        new("fc6 x 16 forward", false, true, 16, 4096, 9216),
        new("fc6 x 16 weights", true, false, 4096, 9216, 16),
        new("fc6 x 16 data", false, false, 16, 9216, 4096),
        new("fc6 x 64 forward", false, true, 64, 4096, 9216),
        new("fc6 x 64 weights", true, false, 4096, 9216, 64),
        new("fc6 x 64 data", false, false, 64, 9216, 4096),
        new("fc6 x 256 forward", false, true, 256, 4096, 9216),
        new("fc6 x 256 weights", true, false, 4096, 9216, 256),
        new("fc6 x 256 data", false, false, 256, 9216, 4096),
        new("lenet ip1 x 64 forward", false, true, 64, 500, 800),
        new("lenet ip1 x 64 weights", true, false, 500, 800, 64),
        new("lenet ip1 x 64 data", false, false, 64, 800, 500),
        new("lenet ip2 x 64 forward", false, true, 64, 10, 500),
        new("lenet ip2 x 64 weights", true, false, 10, 500, 64),
        new("lenet ip2 x 64 data", false, false, 64, 500, 10),
    ];

    /// <summary>Square matrices, and those of inner-product layers: each by the engine's own kernels, then by the
    /// libraries that this machine has.</summary>
    public static IReadOnlyList<GemmCase> All { get; } =
    [
        .. from shape in Shapes
           from blas in (IEnumerable<string>)[
               BlasChoice.Managed, .. BlasChoice.Installed.Select(library => library.Choice)]
           select shape with { Blas = blas },
    ];

    /// <inheritdoc/>
    public string Unit => "GFLOP/s";

    /// <inheritdoc/>
    public double AmountOf(string benchmark) => 2.0 * M * N * K;

    /// <inheritdoc/>
    public override string ToString() => Blas == BlasChoice.Managed ? Name : $"{Name}, {Blas}";
}
