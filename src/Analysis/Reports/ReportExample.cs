namespace CaffeActors.Analysis.Reports;

/// <summary>An image that was taken for another class.</summary>
/// <param name="Record">What its source calls it.</param>
/// <param name="Label">The class it is of.</param>
/// <param name="Guess">The class it was taken for.</param>
/// <param name="Score">How sure the net was, 0 to 1.</param>
/// <param name="Png">The image; empty where there is none to show.</param>
public sealed record ReportExample(string Record, int Label, int Guess, double Score, byte[] Png);
