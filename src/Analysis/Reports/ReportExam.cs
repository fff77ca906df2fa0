namespace CaffeActors.Analysis.Reports;

/// <summary>What the trained net takes its test images for.</summary>
/// <param name="Images">Images looked at.</param>
/// <param name="Accuracy">The share that was right, 0 to 1.</param>
/// <param name="Matrix">A row for each class, how many of its images were taken for each; empty where the classes are
/// too many to show.</param>
/// <param name="CommonMistakes">The mistakes made most often: class, what it was taken for, how often.</param>
/// <param name="Examples">The mistakes the net was surest of.</param>
public sealed record ReportExam(
    long Images, double Accuracy, IReadOnlyList<IReadOnlyList<long>> Matrix,
    IReadOnlyList<(int Label, int Guess, long Count)> CommonMistakes, IReadOnlyList<ReportExample> Examples);
