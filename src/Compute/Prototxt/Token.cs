using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Prototxt;

/// <summary>One token: its kind, where it lies in the text and where that is in the user's file.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Index of its first character in the text.</param>
/// <param name="Length">Its length in UTF-16 units.</param>
/// <param name="Place">Line and column of its first character.</param>
internal readonly record struct Token(TokenKind Kind, int Start, int Length, SourcePlace Place);
