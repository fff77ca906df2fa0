namespace CaffeActors.Architecture.Tests;

/// <summary>
/// The files that may still break a rule: <c>allowances.txt</c>, a line for each, <c>RULE COUNT PATH</c>. The list
/// may only shrink: a file may not get worse than its count, and one that keeps the rule has to leave the list.
/// </summary>
internal static class Allowance
{
    private static readonly (string Rule, int Count, string Path)[] _entries =
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "tests/Architecture.Tests/allowances.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split(' ', 3))
            .Select(parts => (parts[0], int.Parse(parts[1]), parts[2])),
    ];

    /// <summary>The violations that the list does not cover, and the entries that are no longer needed.</summary>
    /// <param name="rule">The rule's name in the list.</param>
    /// <param name="counts">For each file that breaks the rule, by how much.</param>
    public static IEnumerable<string> Apply(string rule, IReadOnlyDictionary<string, int> counts)
    {
        Dictionary<string, int> allowed =
            _entries.Where(entry => entry.Rule == rule).ToDictionary(entry => entry.Path, entry => entry.Count);
        foreach ((string path, int count) in counts)
        {
            int most = allowed.GetValueOrDefault(path);
            if (count > most)
                yield return most == 0 ? $"{path}: {count}" : $"{path}: {count}, more than the {most} still allowed";
        }

        foreach (string path in allowed.Keys.Where(path => !counts.ContainsKey(path)))
            yield return $"{path} keeps the rule: remove it from allowances.txt";
    }
}
