using System.Text.RegularExpressions;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Metrics;

/// <summary>The code of documentation pages, word for word.</summary>
internal static partial class Documentation
{
    /// <summary>All SQL blocks of a page.</summary>
    public static IReadOnlyList<string> Sql(string page) =>
        [.. Block().Matches(File.ReadAllText(Repository.PathOf("docs", page)))
            .Select(match => match.Groups[1].Value.Trim().TrimEnd(';'))];

    /// <summary>The SQL block of a page that fits a condition.</summary>
    public static string SqlOf(string page, Func<string, bool> condition) => Sql(page).First(condition);

    [GeneratedRegex("```sql\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
