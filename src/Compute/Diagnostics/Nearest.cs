namespace CaffeActors.Compute.Diagnostics;

/// <summary>The "did you mean" of error messages.</summary>
public static class Nearest
{
    /// <summary>The name closest to what was written, or null where none is close (more than a third of it
    /// differs).</summary>
    /// <param name="written">What the user wrote.</param>
    /// <param name="names">What could have been meant.</param>
    public static string? Of(string written, IEnumerable<string> names)
    {
        string? best = null;
        int least = Math.Max(1, written.Length / 3) + 1;
        foreach (string name in names)
        {
            int distance = Distance(written.ToUpperInvariant(), name.ToUpperInvariant(), least);
            if (distance < least)
                (best, least) = (name, distance);
        }

        return best;
    }

    /// <summary>The names close to what was written (at most half of it differs), the closest first.</summary>
    /// <param name="written">What the user wrote.</param>
    /// <param name="names">What could have been meant.</param>
    /// <param name="most">How many at most.</param>
    public static string[] Several(string written, IEnumerable<string> names, int most)
    {
        int limit = Math.Max(1, written.Length / 2) + 1;
        return
        [
            .. names.Select(name =>
                    (Name: name, Distance: Distance(written.ToUpperInvariant(), name.ToUpperInvariant(), limit)))
                .Where(entry => entry.Distance < limit)
                .OrderBy(entry => entry.Distance).ThenBy(entry => entry.Name, StringComparer.Ordinal)
                .Take(most).Select(entry => entry.Name),
        ];
    }

    // Optimal string alignment: insertions, deletions, replacements, swapped neighbours.
    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) >= limit)
            return limit;
        var rows = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                int value = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    value = Math.Min(value, rows[i - 2, j - 2] + 1);
                rows[i, j] = value;
            }
        }

        return rows[a.Length, b.Length];
    }
}
