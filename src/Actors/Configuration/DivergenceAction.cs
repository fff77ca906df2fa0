namespace CaffeActors.Actors.Configuration;

/// <summary>What a run does when its numbers are no longer finite.</summary>
public enum DivergenceAction
{
    /// <summary>It ends.</summary>
    Stop,

    /// <summary>It goes back to an older snapshot and on from there with a lower learning rate.</summary>
    Rollback,
}
