namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// The sizes of a convolution of one image: channels, groups and any number of spatial axes. Immutable.
/// The image is (inputs, axes...), the output (outputs, output axes...), the weights
/// (outputs, inputs / groups, kernel axes...), all row-major.
/// </summary>
public sealed class ConvolutionGeometry
{
    /// <summary>Describes a convolution.</summary>
    /// <param name="groups">Groups, at least 1; group g of the outputs sees group g of the inputs.</param>
    /// <param name="inputs">Input channels, a multiple of the groups.</param>
    /// <param name="outputs">Output channels, a multiple of the groups.</param>
    /// <param name="axes">The spatial axes, outermost first, with outputs at least 1 long. May be empty.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public ConvolutionGeometry(int groups, int inputs, int outputs, params ReadOnlySpan<SpatialAxis> axes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputs % groups, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(outputs % groups, 0);
        foreach (SpatialAxis axis in axes)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(axis.Kernel, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(axis.Stride, 1);
            ArgumentOutOfRangeException.ThrowIfNegative(axis.Pad);
            ArgumentOutOfRangeException.ThrowIfNegative(axis.Dilation);
            ArgumentOutOfRangeException.ThrowIfLessThan(axis.Output, 1);
        }

        Groups = groups;
        Inputs = inputs;
        Outputs = outputs;
        InputPlane = OutputPlane = Taps = 1;
        foreach (SpatialAxis axis in axes)
        {
            InputPlane = checked(InputPlane * axis.Input);
            OutputPlane = checked(OutputPlane * axis.Output);
            Taps = checked(Taps * axis.Kernel);
        }

        Axes = Normalize(axes);
    }

    /// <summary>Number of groups.</summary>
    public int Groups { get; }

    /// <summary>Input channels of all groups.</summary>
    public int Inputs { get; }

    /// <summary>Output channels of all groups.</summary>
    public int Outputs { get; }

    /// <summary>Input channels of one group.</summary>
    public int InputsOfGroup => Inputs / Groups;

    /// <summary>Output channels of one group.</summary>
    public int OutputsOfGroup => Outputs / Groups;

    /// <summary>Numbers in one input channel.</summary>
    public int InputPlane { get; }

    /// <summary>Numbers in one output channel.</summary>
    public int OutputPlane { get; }

    /// <summary>Cells of the kernel.</summary>
    public int Taps { get; }

    /// <summary>Length of the sum of one output: input channels of a group times taps.</summary>
    public int Depth => InputsOfGroup * Taps;

    /// <summary>Multiplications (each with an addition) of one image.</summary>
    public long Products => (long)Outputs * OutputPlane * Depth;

    /// <summary>
    /// At least two axes: pointwise neighbours at the end are one long axis, so that a 1 x 1 convolution has rows of
    /// whole planes, and axes of length 1 stand in front where there are too few.
    /// </summary>
    internal SpatialAxis[] Axes { get; }

    private static SpatialAxis[] Normalize(ReadOnlySpan<SpatialAxis> axes)
    {
        List<SpatialAxis> list = [.. axes];
        while (list.Count > 1 && list[^1].IsPointwise && list[^2].IsPointwise)
        {
            SpatialAxis merged = new(list[^2].Input * list[^1].Input, 1, 1, 0, 1);
            list.RemoveAt(list.Count - 1);
            list[^1] = merged;
        }

        while (list.Count < 2)
            list.Insert(0, new SpatialAxis(1, 1, 1, 0, 1));
        return [.. list];
    }
}
