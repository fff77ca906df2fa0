namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>The same, of one kind.</summary>
internal sealed unsafe class WinogradConvolution<TKind>(ConvolutionGeometry geometry) : WinogradConvolution
    where TKind : struct, IWinograd
{
    private readonly WinogradProduct<TKind> _forward = WinogradProduct<TKind>.Forward(geometry);
    private WinogradProduct<TKind>? _dataGradient;
    private WinogradWeightGradient<TKind>? _weightGradient;

    /// <inheritdoc/>
    public override string Name => $"Winograd F({TKind.Outputs}x{TKind.Outputs}, {TKind.Taps}x{TKind.Taps})";

    /// <inheritdoc/>
    public override void Forward(
        CpuDevice device, int images, float* x, float* w, float* bias, float? negativeSlope, float* y) =>
        _forward.Run(device, images, w, x, bias, negativeSlope, y);

    /// <inheritdoc/>
    public override void BackwardData(CpuDevice device, int images, float* w, float* dy, float* bias, float* dx) =>
        (_dataGradient ??= WinogradProduct<TKind>.DataGradient(geometry)).Run(device, images, w, dy, bias, null, dx);

    /// <inheritdoc/>
    public override void BackwardWeights(CpuDevice device, int images, float* x, float* dy, float* dw, bool add) =>
        (_weightGradient ??= new WinogradWeightGradient<TKind>(geometry)).Run(device, images, x, dy, dw, add);
}
