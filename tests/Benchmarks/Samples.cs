namespace CaffeActors.Benchmarks;

/// <summary>What is told of values that were measured again and again.</summary>
internal static class Samples
{
    /// <summary>The median; of an even number the greater one of the two in the middle.</summary>
    /// <param name="values">At least one.</param>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
