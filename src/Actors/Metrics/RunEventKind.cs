namespace CaffeActors.Actors.Metrics;

/// <summary>What kind of thing happened in a run.</summary>
public enum RunEventKind
{
    /// <summary>The run began, went on or came to its end.</summary>
    Run,

    /// <summary>A test net was tested.</summary>
    Test,

    /// <summary>A snapshot was written.</summary>
    Snapshot,

    /// <summary>Something the user should look at.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,
}
