using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>
/// Reads path expressions: strings side by side, dots outside quotes between the elements. Blanks within an element
/// are part of it, those around dots are not (<c>a b . "c.d"</c> has the elements "a b" and "c.d").
/// </summary>
internal static class HoconPathReader
{
    /// <summary>Reads one from the present place on, and the blanks after it.</summary>
    /// <exception cref="CaffeException">There is none, or one of its elements is empty.</exception>
    public static IReadOnlyList<PathKey> Read(HoconScanner scanner)
    {
        var keys = new List<PathKey>();
        do
        {
            keys.Add(ReadKey(scanner));
        }
        while (scanner.Take('.'));
        return keys;
    }

    private static PathKey ReadKey(HoconScanner scanner)
    {
        scanner.SkipBlanks();
        SourcePlace place = scanner.Place;
        var name = new StringBuilder();
        bool written = false;
        string blanks = "";
        while (true)
        {
            if (scanner.Current == '"' || (scanner.AtUnquoted && scanner.Current != '.'))
            {
                name.Append(blanks);
                name.Append(scanner.Current == '"' ? scanner.ReadQuoted() : scanner.ReadUnquoted(inPath: true));
                written = true;
            }
            else if (scanner.AtBlank)
            {
                blanks = scanner.SkipBlanks();
                continue;
            }
            else
            {
                if (!written && scanner.Current == '.')
                    throw scanner.Error("an element of this path is empty; write \"\" for an empty key", place);
                return written ? new PathKey(name.ToString(), place) : throw scanner.Unexpected("a key");
            }

            blanks = "";
        }
    }
}
