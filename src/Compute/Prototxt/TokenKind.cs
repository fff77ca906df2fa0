namespace CaffeActors.Compute.Prototxt;

/// <summary>The kinds of token that text format has.</summary>
internal enum TokenKind
{
    /// <summary>The end of the text.</summary>
    End,

    /// <summary>A letter or underscore, then letters, digits and underscores.</summary>
    Identifier,

    /// <summary>A whole number: decimal, octal (<c>017</c>) or hexadecimal (<c>0x1F</c>), without its sign.</summary>
    Integer,

    /// <summary>A number with a point, an exponent or the suffix <c>f</c>, without its sign.</summary>
    Float,

    /// <summary>A string with its quotes, escapes not yet resolved.</summary>
    String,

    /// <summary>One character of punctuation.</summary>
    Symbol,
}
