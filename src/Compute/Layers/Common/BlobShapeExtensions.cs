using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>Shapes as layers' messages write them.</summary>
internal static class BlobShapeExtensions
{
    /// <summary>The axis lengths.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="fail">Makes the failure to throw where a length is negative or no 32-bit number.</param>
    public static int[] Lengths(this BlobShape shape, Func<string, CaffeException> fail) =>
        [.. shape.Dim.Select(dim => dim is >= 0 and <= int.MaxValue
            ? (int)dim
            : throw fail($"shape has the length {dim}; lengths are 0 to {int.MaxValue}"))];
}
