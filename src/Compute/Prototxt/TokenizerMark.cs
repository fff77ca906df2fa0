namespace CaffeActors.Compute.Prototxt;

/// <summary>A place in a text that a <see cref="Tokenizer"/> can come back to.</summary>
/// <param name="Current">The token at hand.</param>
/// <param name="Position">Index of the first character behind it.</param>
/// <param name="Line">Its line, 1-based.</param>
/// <param name="LineStart">Index at which the line begins, less what stands before the text in its file.</param>
internal readonly record struct TokenizerMark(Token Current, int Position, int Line, int LineStart);
