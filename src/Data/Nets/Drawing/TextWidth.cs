namespace CaffeActors.Data.Nets.Drawing;

/// <summary>How wide text is at most, in the sans-serif faces that viewers choose from.</summary>
internal static class TextWidth
{
    /// <summary>The width of a line.</summary>
    /// <param name="text">The line.</param>
    /// <param name="size">The size of the face, in pixels.</param>
    /// <param name="bold">Whether it is set in bold.</param>
    public static double Of(string text, double size, bool bold = false) =>
        text.Sum(Em) * size * (bold ? 1.1 : 1);

    // Widths of DejaVu Sans, one of the widest, in ems.
    private static double Em(char c) => c switch
    {
        'i' or 'j' or 'l' or 'I' or '\'' or '|' => 0.30,
        ' ' or '.' or ',' or ':' or ';' => 0.33,
        'f' or 't' or 'r' or '/' or '(' or ')' or '[' or ']' or '-' => 0.41,
        'm' or 'w' or 'M' or 'W' or '%' or '@' => 0.98,
        >= 'A' and <= 'Z' => 0.73,
        '×' or '+' or '=' or '<' or '>' or '·' => 0.84,
        < '\u0250' => 0.62,
        _ => 1.0,
    };
}
