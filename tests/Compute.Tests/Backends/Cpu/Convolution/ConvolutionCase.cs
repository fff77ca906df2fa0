using CaffeActors.Compute.Backends.Cpu.Convolution;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Convolution;

/// <summary>A convolution of some images.</summary>
internal sealed record ConvolutionCase(int Groups, int Inputs, int Outputs, SpatialAxis[] Axes, int Images)
{
    public override string ToString() =>
        $"{Images} images, {Groups} groups, {Inputs} -> {Outputs} channels, {string.Join(" x ", Axes)}";
}
