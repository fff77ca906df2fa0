using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// How a float becomes a class: its fraction is cut off, then it is either the label to ignore, or one of
/// 0 to classes - 1, or bad (NaN is).
/// </summary>
/// <param name="classes">Number of classes.</param>
/// <param name="ignore">The label that takes no part, or null.</param>
public readonly unsafe struct LabelRule(int classes, int? ignore)
{
    /// <summary>The class of a label that takes no part.</summary>
    public const int Ignored = -1;

    /// <summary>The class of a label that is none.</summary>
    public const int Bad = -2;

    private readonly bool _hasIgnore = ignore.HasValue;
    private readonly int _ignore = ignore.GetValueOrDefault();

    /// <summary>What is wrong with the labels' shape, or null.</summary>
    /// <param name="scores">Scores.</param>
    /// <param name="axis">Their axis of classes, 0 or more.</param>
    /// <param name="labels">Labels: one for each position of the scores.</param>
    public static string? Misfit(Blob scores, int axis, Blob labels)
    {
        int positions = scores.CountRange(0, axis) * scores.CountFrom(axis + 1);
        return labels.Count == positions ? null
            : $"there must be one label for each position: scores {scores.ShapeString} with classes on axis {axis} "
            + $"need {positions} labels, not {labels.ShapeString}";
    }

    /// <summary>What is wrong with the labels' shape where an item has one label, or null.</summary>
    /// <param name="scores">Scores (N, ...): all values of an item are its classes.</param>
    /// <param name="labels">Labels: one for each item.</param>
    public static string? ItemMisfit(Blob scores, Blob labels) =>
        labels.Count == scores.Dim(0) ? null
            : $"there must be one label for each of the {scores.Dim(0)} items of {scores.ShapeString}, not "
            + labels.ShapeString;

    /// <summary>The class of a label, or <see cref="Ignored"/>, or <see cref="Bad"/>.</summary>
    /// <param name="label">The label as it is stored.</param>
    public int ClassOf(float label)
    {
        int value = (int)label;
        if (_hasIgnore && value == _ignore)
            return Ignored;
        return (uint)value < (uint)classes && !float.IsNaN(label) ? value : Bad;
    }

    /// <summary>Labels as kernels read them; <see cref="CountValid"/> has seen them.</summary>
    /// <param name="labels">The labels on an accelerator.</param>
    internal GpuLabels On(Values labels) => new(labels, _hasIgnore ? _ignore : Ignored);

    /// <summary>
    /// The number of labels that take part, or -1 if there is a bad one. It is counted on the CPU also where the layer
    /// works on an accelerator: there labels come from, as a rule, and then nothing is copied for it. Labels that a
    /// layer made on the accelerator are copied here.
    /// </summary>
    /// <param name="device">Whose threads count.</param>
    /// <param name="labels">The labels.</param>
    public int CountValid(CpuDevice device, Blob labels)
    {
        double valid = BlockSum.Run(device, labels.Count, new ValidBody(labels.CpuData, this));
        return double.IsNaN(valid) ? -1 : (int)valid;
    }

    /// <summary>What to tell about the first bad label.</summary>
    /// <param name="labels">Labels of which one is bad.</param>
    /// <param name="parameter">The field that can name a label to ignore; null for none.</param>
    /// <param name="item">The batch item it belongs to: its index on the labels' axis 0.</param>
    public string Complaint(Blob labels, string? parameter, out int item)
    {
        int at = 0;
        while (ClassOf(labels.Data[at]) != Bad)
            at++;
        int positions = labels.AxisCount > 0 ? labels.CountFrom(1) : 1;
        item = at / positions;
        string place = positions == 1 ? $"item {item}" : $"item {item}, position {at % positions},";
        string advice = parameter is null
            ? "correct the label, or give the layer that makes the scores more outputs"
            : "correct the label, give the layer that makes the scores more outputs, or name the label in "
            + parameter;
        return $"label {labels.Data[at]} of {place} of the batch is none of the {classes} classes (0 to "
            + $"{classes - 1}); {advice}";
    }

    private readonly struct ValidBody(float* labels, LabelRule rule) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            int valid = 0;
            for (int i = from; i < to; i++)
            {
                int label = rule.ClassOf(labels[i]);
                if (label == Bad)
                    return double.NaN;
                valid += label == Ignored ? 0 : 1;
            }

            return valid;
        }
    }
}
