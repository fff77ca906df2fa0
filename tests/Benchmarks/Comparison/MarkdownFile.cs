namespace CaffeActors.Benchmarks.Comparison;

/// <summary>Puts measured tables into a page: between its markers, or, where it has none, in the place of
/// all.</summary>
internal static class MarkdownFile
{
    /// <summary>Writes a part of a page.</summary>
    /// <param name="path">The file; it need not be there.</param>
    /// <param name="part">The name in the markers, which are comments: <c>measured PART</c> and <c>end
    /// PART</c>.</param>
    /// <param name="text">What stands between them afterwards.</param>
    public static void Write(string path, string part, string text)
    {
        (string from, string to) = ($"<!-- measured {part} -->", $"<!-- end {part} -->");
        string page = File.Exists(path) ? File.ReadAllText(path) : "";
        int start = page.IndexOf(from, StringComparison.Ordinal), end = page.IndexOf(to, StringComparison.Ordinal);
        string made = $"{from}\n\n{text.Trim()}\n\n";
        File.WriteAllText(path, start >= 0 && end > start ? page[..start] + made + page[end..] : $"{made}{to}\n");
    }
}
