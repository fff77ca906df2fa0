using CaffeActors.Compute.Backends.Gpu;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>Labels as kernels read them: checked before, so that each is a class or the one to ignore.</summary>
/// <param name="labels">The labels.</param>
/// <param name="ignore">The label that takes no part; where there is none, one below 0, which none has.</param>
internal readonly struct GpuLabels(Values labels, int ignore)
{
    /// <summary>The class of a position, or <see cref="LabelRule.Ignored"/>.</summary>
    public int this[int position]
    {
        get
        {
            int value = (int)labels[position];
            return value == ignore ? LabelRule.Ignored : value;
        }
    }
}
