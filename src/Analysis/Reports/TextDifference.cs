namespace CaffeActors.Analysis.Reports;

/// <summary>The lines in which two texts differ.</summary>
public static class TextDifference
{
    /// <summary>Compares two texts line by line, by their longest common subsequence.</summary>
    /// <param name="before">The earlier text.</param>
    /// <param name="after">The later one.</param>
    /// <returns>The lines that only one of them has, in order, and whether that is the later one.</returns>
    public static IReadOnlyList<(bool IsLater, string Line)> Of(string before, string after)
    {
        string[] a = Lines(before), b = Lines(after);
        int start = 0;
        while (start < a.Length && start < b.Length && a[start] == b[start])
            start++;
        int endA = a.Length, endB = b.Length;
        while (endA > start && endB > start && a[endA - 1] == b[endB - 1])
            (endA, endB) = (endA - 1, endB - 1);

        // common[i, j]: lines that a[i..] and b[j..] have in common, of what is left between start and end.
        int[,] common = new int[endA - start + 1, endB - start + 1];
        for (int i = endA - start - 1; i >= 0; i--)
        {
            for (int j = endB - start - 1; j >= 0; j--)
            {
                common[i, j] = a[start + i] == b[start + j] ? common[i + 1, j + 1] + 1
                    : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        List<(bool, string)> changes = [];
        int x = 0, y = 0;
        while (x < endA - start || y < endB - start)
        {
            if (x < endA - start && y < endB - start && a[start + x] == b[start + y])
                (x, y) = (x + 1, y + 1);
            else if (y == endB - start || (x < endA - start && common[x + 1, y] >= common[x, y + 1]))
                changes.Add((false, a[start + x++]));
            else
                changes.Add((true, b[start + y++]));
        }

        return changes;
    }

    private static string[] Lines(string text) =>
        [.. text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Trim().Length > 0)];
}
