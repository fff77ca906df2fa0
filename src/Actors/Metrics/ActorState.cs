namespace CaffeActors.Actors.Metrics;

/// <summary>Where an actor of a run stands.</summary>
/// <param name="Name">Which.</param>
/// <param name="Doing">What it does.</param>
/// <param name="For">How long it has done so.</param>
/// <param name="Messages">Messages that wait in its mailbox, 0 or more.</param>
/// <param name="Note">What else there is to say, or empty.</param>
public sealed record ActorState(string Name, string Doing, TimeSpan For, int Messages, string Note);
