namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>How patient a coordinator is. All times are above 0.</summary>
internal sealed record CoordinatorSettings
{
    /// <summary>Nodes that a run needs, at least 1.</summary>
    public int MinNodes { get; init; } = 1;

    /// <summary>Nodes that it takes at most; further ones stand by. At least <see cref="MinNodes"/>.</summary>
    public int MaxNodes { get; init; } = int.MaxValue;

    /// <summary>Losses after which a run is put together anew; the next one ends it. Null: any number.</summary>
    public int? MaxRestarts { get; init; }

    /// <summary>Whether the whole batch stays what it was at the beginning when nodes come and go. Default
    /// true.</summary>
    public bool FixedBatch { get; init; } = true;

    /// <summary>How long <see cref="MinNodes"/> are waited for before training begins. Default 10 minutes.</summary>
    public TimeSpan StartWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long they are waited for once it has begun. Default 60 s.</summary>
    public TimeSpan MinNodesWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a majority is waited for before the run ends without one. Default 10 s.</summary>
    public TimeSpan QuorumWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a node may take to say where it stands. Default 3 s.</summary>
    public TimeSpan AnswerWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long an iteration may take at least before somebody is stuck. Default 10 s.</summary>
    public TimeSpan ProgressLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a node may build or receive without showing progress. Default 120 s.</summary>
    public TimeSpan BuildLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often a question is asked again that may have been lost. Default 0.5 s.</summary>
    public TimeSpan AskAgain { get; init; } = TimeSpan.FromSeconds(0.5);
}
