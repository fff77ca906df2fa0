using CaffeActors.Cli;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Parity.Tests;

/// <summary>Runs the program in this process and compares what it computed with what Caffe computed.</summary>
internal static class Golden
{
    /// <summary>Folder of the cases.</summary>
    public static string Folder(string kind) => Path.Combine(AppContext.BaseDirectory, kind);

    /// <summary>All cases of a kind, by folder name.</summary>
    public static TheoryData<string> Cases(string kind) =>
        [.. Directory.GetDirectories(Folder(kind)).Select(path => Path.GetFileName(path)!)
            .Order(StringComparer.Ordinal)];

    /// <summary>Runs a command line; fails with its messages where it does not end with 0.</summary>
    public static async Task RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await CommandLine.RunAsync(
            args, new Terminal(output, error, IsInteractive: false, static _ => null));
        Assert.True(code == 0, $"exit code {code}: {error}");
    }

    /// <summary>Compares two arrays: no difference above a share of the largest expected value.</summary>
    public static void AssertClose(string what, float[] expected, float[] actual, double tolerance)
    {
        Assert.True(expected.Length == actual.Length, $"{what}: {actual.Length} values, Caffe has {expected.Length}");
        double largest = expected.Select(value => Math.Abs((double)value)).DefaultIfEmpty(0).Max();
        for (int i = 0; i < expected.Length; i++)
        {
            // A zero blob has no scale of its own; float noise is what may be left.
            double limit = Math.Max(tolerance * largest, 1e-7);
            Assert.True(Math.Abs(expected[i] - (double)actual[i]) <= limit,
                $"{what}[{i}]: {actual[i]}, Caffe has {expected[i]} (largest {largest})");
        }
    }

    /// <summary>Compares all datasets of a group of two files.</summary>
    /// <returns>How many there were.</returns>
    public static int AssertGroup(
        Hdf5Reader golden, string group, Hdf5Reader actual, string actualGroup, double tolerance)
    {
        if (!golden.HasGroup(group))
            return 0;
        IReadOnlyList<string> names = golden.Datasets(group);
        foreach (string name in names)
        {
            Assert.Equal(golden.ShapeOf($"{group}/{name}"), actual.ShapeOf($"{actualGroup}/{name}"));
            AssertClose($"{group}/{name}", golden.ReadFloats($"{group}/{name}"),
                actual.ReadFloats($"{actualGroup}/{name}"), tolerance);
        }

        return names.Count;
    }
}
