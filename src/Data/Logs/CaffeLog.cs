namespace CaffeActors.Data.Logs;

/// <summary>What a training log tells.</summary>
/// <param name="Train">The training net's outputs, a row for each displayed iteration.</param>
/// <param name="Test">The test nets' outputs, a row for each test.</param>
public sealed record CaffeLog(LogTable Train, LogTable Test);
