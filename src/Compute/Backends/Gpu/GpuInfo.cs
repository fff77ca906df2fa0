namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>What is known of an accelerator before it is used.</summary>
/// <param name="Number">Its number, as in <c>gpu:0</c>.</param>
/// <param name="Name">What its maker calls it.</param>
/// <param name="Interface">CUDA or OpenCL.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Multiprocessors">Its processors.</param>
/// <param name="ClockMegahertz">Their clock in MHz; 0 where it is not told.</param>
/// <param name="MaxGroupSize">Most threads of a group.</param>
/// <param name="MaxGroupShape">Most threads of a group along each axis.</param>
/// <param name="MaxGridShape">Most groups of a launch along each axis.</param>
/// <param name="SharedBytes">Memory that a group's threads share.</param>
/// <param name="ConstantBytes">Memory for constants.</param>
/// <param name="WarpSize">Threads that run in step; 0 where it is not told.</param>
/// <param name="Revision">Of a CUDA device its compute capability, of an OpenCL one the version of the language it
/// speaks; <c>MAJOR.MINOR</c>, empty where it is not told.</param>
/// <param name="IsCpu">Whether it is a CPU behind an accelerator's interface: then it is used only when asked
/// for.</param>
public sealed record GpuInfo(
    int Number, string Name, string Interface, long MemoryBytes, int Multiprocessors, int ClockMegahertz,
    int MaxGroupSize, string MaxGroupShape, string MaxGridShape, long SharedBytes, long ConstantBytes, int WarpSize,
    string Revision, bool IsCpu)
{
    /// <summary>What else its driver tells, by name. Default: nothing.</summary>
    public IReadOnlyList<(string Name, string Value)> Details { get; init; } = [];
}
