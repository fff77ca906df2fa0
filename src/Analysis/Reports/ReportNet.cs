namespace CaffeActors.Analysis.Reports;

/// <summary>What a report tells of the trained net itself, beside what was measured while it trained.</summary>
/// <param name="Exam">What it takes its test images for; null where that was not looked at.</param>
/// <param name="Remark">Why not, or what was looked at: a sentence.</param>
/// <param name="FilterLayer">The layer whose filters are shown.</param>
/// <param name="Filters">Its filters (PNG); empty for none.</param>
public sealed record ReportNet(ReportExam? Exam, string Remark, string FilterLayer, byte[] Filters);
