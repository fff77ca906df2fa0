using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>What the bottoms of a recurrent layer must look like from pass to pass.</summary>
internal static class RecurrentShapes
{
    /// <summary>What is wrong with the bottoms' shapes, or null.</summary>
    /// <param name="bottom">The bottoms.</param>
    /// <param name="steps">T.</param>
    /// <param name="inputs">Numbers of an input.</param>
    /// <param name="statics">Numbers of the static input; below 0 where there is none.</param>
    /// <param name="exposed">How many bottoms at the end are first states.</param>
    /// <param name="width">D.</param>
    public static string? Misfit(Blob[] bottom, int steps, int inputs, int statics, int exposed, int width)
    {
        Blob x = bottom[0];
        if (x.AxisCount < 2 || x.Dim(0) != steps || x.CountFrom(2) != inputs)
        {
            return $"bottom 0 must have {steps} steps (axis 0) and {inputs} numbers for each sequence (from axis 2 "
                + $"on), as when the layer was set up; it has the shape {x.ShapeString}";
        }

        if (bottom[1].AxisCount != 2 || !bottom[1].Shape.SequenceEqual(x.Shape[..2]))
        {
            return "bottom 1, which marks where sequences go on, must have the shape "
                + $"{Blob.FormatShape(x.Shape[..2])} of bottom 0's steps and sequences, not {bottom[1].ShapeString}";
        }

        if (statics >= 0
            && (bottom[2].AxisCount < 1 || bottom[2].Dim(0) != x.Dim(1) || bottom[2].CountFrom(1) != statics))
        {
            return $"bottom 2, the static input, must have {x.Dim(1)} rows (one for each sequence) of {statics} "
                + $"numbers, not the shape {bottom[2].ShapeString}";
        }

        for (int i = bottom.Length - exposed; i < bottom.Length; i++)
        {
            if (!bottom[i].Shape.SequenceEqual([1, x.Dim(1), width]))
            {
                return $"bottom {i}, a first state, must have the shape {Blob.FormatShape([1, x.Dim(1), width])}, not "
                    + bottom[i].ShapeString;
            }
        }

        return null;
    }
}
