namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>run</c>.</summary>
/// <param name="Name">The run's name.</param>
/// <param name="OutputRoot">Folder of all runs.</param>
/// <param name="WaitLimit">How long a batch, or the writing of a snapshot, is waited for.</param>
public sealed record RunSettings(string Name, string OutputRoot, TimeSpan WaitLimit);
