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

    /// <summary>Nodes came, went or were late.</summary>
    Cluster,

    /// <summary>Something the user should look at.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,
}
