using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>
/// The include statements of one file: <c>include "x"</c>, <c>include file("x")</c>, and either within
/// <c>required(...)</c>. A path is relative to the including file. A file that is missing counts as empty unless it is
/// required. A name without extension takes .json, .conf and .hocon files, later ones over earlier.
/// </summary>
internal sealed class HoconIncludes
{
    private const int MaxFiles = 1000;
    private static readonly string[] Extensions = [".json", ".conf", ".hocon"];

    private readonly string _directory;
    private readonly IReadOnlyList<string> _chain;
    private readonly int[] _filesRead;

    private HoconIncludes(string directory, IReadOnlyList<string> chain, IReadOnlyList<string> home, int[] filesRead) =>
        (_directory, _chain, Home, _filesRead) = (directory, chain, home, filesRead);

    /// <summary>Where the file's root lies in the whole configuration.</summary>
    public IReadOnlyList<string> Home { get; }

    /// <summary>For a file that no other includes.</summary>
    public static HoconIncludes OfFile(string path) => new(DirectoryOf(path), [path], [], [0]);

    /// <summary>For text that came from no file: paths are relative to the working directory.</summary>
    public static HoconIncludes OfText() => new("", [], [], [0]);

    /// <summary>Reads an include statement and puts the fields of its file into an object.</summary>
    /// <param name="scanner">Stands at the word <c>include</c>.</param>
    /// <param name="target">The object that the statement stands in.</param>
    /// <param name="path">The object's path, or null inside a list.</param>
    public void Parse(HoconScanner scanner, ObjectNode target, IReadOnlyList<string>? path)
    {
        SourcePlace place = scanner.Place;
        scanner.Advance("include".Length);
        scanner.SkipLines();
        bool required = TakeWord(scanner, "required");
        bool inFile = TakeWord(scanner, "file");
        SourcePlace namedAt = scanner.Place;
        if (scanner.Current != '"')
            throw scanner.Error("include takes a file name in double quotes, or file(\"...\"), or required(...)",
                place);
        string name = scanner.ReadQuoted();
        for (int open = (required ? 1 : 0) + (inFile ? 1 : 0); open > 0; open--)
        {
            scanner.SkipLines();
            if (!scanner.Take(')'))
                throw scanner.Unexpected("the ')' of the include");
        }

        if (!Merge(name, target, path ?? [], namedAt) && required)
            throw new CaffeException(
                ErrorCodes.FileNotFound, FailureKind.Configuration,
                $"the included file '{Path.Combine(_directory, name)}' is not there", namedAt);
    }

    private static bool TakeWord(HoconScanner scanner, string word)
    {
        if (!scanner.LookingAtWord(word))
            return false;
        scanner.Advance(word.Length);
        if (!scanner.Take('('))
            throw scanner.Unexpected($"the '(' of {word}(...)");
        scanner.SkipLines();
        return true;
    }

    private static string DirectoryOf(string path) => Path.GetDirectoryName(path) ?? "";

    private bool Merge(string name, ObjectNode target, IReadOnlyList<string> home, SourcePlace namedAt)
    {
        string path = Path.Combine(_directory, name);
        IEnumerable<string> candidates = Path.HasExtension(name) || File.Exists(path)
            ? [path]
            : Extensions.Select(extension => path + extension);
        bool found = false;
        foreach (string candidate in candidates)
        {
            if (HoconFiles.TryRead(candidate, namedAt) is not { } text)
                continue;
            found = true;
            MergeText(candidate, text, target, home, namedAt);
        }

        return found;
    }

    private void MergeText(string path, string text, ObjectNode target, IReadOnlyList<string> home, SourcePlace namedAt)
    {
        IReadOnlyList<string> chain = [.. _chain, path];
        if (_chain.Any(outer => Path.GetFullPath(outer) == Path.GetFullPath(path)))
            throw Refused($"files include each other in a circle: {string.Join(" → ", chain)}", namedAt);
        if (++_filesRead[0] > MaxFiles)
            throw Refused($"more than {MaxFiles} files are included", namedAt);
        var inner = new HoconIncludes(DirectoryOf(path), chain, home, _filesRead);
        ObjectNode included = new HoconParser(text, new HoconSource(path), inner).ParseFile();
        foreach ((string key, List<Definition> definitions) in included.Fields)
        {
            foreach (Definition definition in definitions)
                target.Add(key, definition);
        }
    }

    private static CaffeException Refused(string message, SourcePlace place) =>
        new(ErrorCodes.Unresolved, FailureKind.Configuration, message, place);
}
