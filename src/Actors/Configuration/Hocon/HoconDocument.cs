using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>
/// A configuration as written, substitutions unresolved: one or more texts laid over each other. Immutable; each
/// method returns a new document.
/// </summary>
/// <remarks>
/// The language is HOCON as Typesafe Config defines it, with these limits: a configuration's root is an object,
/// includes are files, lists are not read from numbered environment variables, blanks around the dots of a path do
/// not count, <c>+=</c> does not work inside a list, and 128 levels are as deep as it nests.
/// </remarks>
public sealed class HoconDocument
{
    // The lowest first.
    private readonly IReadOnlyList<ObjectNode> _layers;

    private HoconDocument(IReadOnlyList<ObjectNode> layers) => _layers = layers;

    /// <summary>Reads a file and all that it includes.</summary>
    /// <exception cref="CaffeException">A file is missing or unreadable, or its text is no HOCON.</exception>
    public static HoconDocument ParseFile(string path)
    {
        string text = HoconFiles.TryRead(path, null) ?? throw new CaffeException(
            ErrorCodes.FileNotFound, FailureKind.Configuration, $"there is no file '{path}'");
        return new([new HoconParser(text, new HoconSource(path), HoconIncludes.OfFile(path)).ParseFile()]);
    }

    /// <summary>Reads text that is in no file; its includes are relative to the working directory.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What stands for the file in places.</param>
    /// <exception cref="CaffeException">The text is no HOCON.</exception>
    public static HoconDocument ParseText(string text, string name) =>
        new([new HoconParser(text, new HoconSource(name), HoconIncludes.OfText()).ParseFile()]);

    /// <summary>This document laid over another one: keys that only the other has are added, objects are
    /// merged.</summary>
    public HoconDocument WithFallback(HoconDocument fallback) => new([.. fallback._layers, .. _layers]);

    /// <summary>This document with one value set over all others, before substitutions are resolved.</summary>
    /// <param name="path">A path expression, such as <c>train.seed</c> or <c>layers."conv1".blobs</c>.</param>
    /// <param name="value">A HOCON value, such as <c>5</c>, <c>[a, b]</c>, <c>${data.root}/x</c>.</param>
    /// <param name="origin">What stands for the file in places, such as <c>--set</c>.</param>
    /// <exception cref="CaffeException">The path or the value cannot be read.</exception>
    public HoconDocument WithOverride(string path, string value, string origin)
    {
        try
        {
            var place = new SourcePlace(origin);
            var source = new HoconSource(origin, HasPositions: false);
            HoconNode node = new HoconParser(value, source, HoconIncludes.OfText()).ParseWholeValue();
            foreach (string key in HoconText.ParsePath(path).Reverse())
            {
                var outer = new ObjectNode(place);
                outer.Add(key, new Definition(node, place));
                node = outer;
            }

            return new([.. _layers, (ObjectNode)node]);
        }
        catch (CaffeException e)
        {
            throw new CaffeException(
                e.Code, e.Kind, $"{path}={value}: {e.Message}", new SourcePlace(origin), e.InnerException);
        }
    }

    /// <summary>Replaces all substitutions by what they stand for and merges what was written.</summary>
    /// <param name="environment">Gives the value of an environment variable, or null; asked for paths that the document
    /// has not.</param>
    /// <exception cref="CaffeException">
    /// A substitution leads nowhere or in a circle, values of different kinds stand side by side, or the result grows
    /// beyond all measure.
    /// </exception>
    public HoconObject Resolve(Func<string, string?> environment) => new HoconResolver(_layers, environment).Resolve();
}
