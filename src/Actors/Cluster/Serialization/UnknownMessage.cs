using Akka.Event;

namespace CaffeActors.Actors.Cluster.Serialization;

/// <summary>Stands for a message of a name that this version does not know: whoever it is for passes over it.</summary>
/// <param name="Name">The name.</param>
internal sealed record UnknownMessage(string Name) : IDeadLetterSuppression;
