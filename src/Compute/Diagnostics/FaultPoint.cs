namespace CaffeActors.Compute.Diagnostics;

/// <summary>
/// Where a run can be made to fail, so that it is seen what comes after. <see cref="Device"/> can be asked for from
/// outside; the others are the steps in which files are written, heard only by what a test puts in.
/// </summary>
public enum FaultPoint
{
    /// <summary>A device, when a layer asks it for its forward pass; of several replicas the last one's.</summary>
    Device,

    /// <summary>A snapshot is about to be written.</summary>
    SnapshotBegun,

    /// <summary>A snapshot's model has been written under its temporary name.</summary>
    ModelWritten,

    /// <summary>The model has been flushed to disk.</summary>
    ModelFlushed,

    /// <summary>The solver's state has been written under its temporary name.</summary>
    StateWritten,

    /// <summary>The state has been flushed to disk.</summary>
    StateFlushed,

    /// <summary>The model has its final name.</summary>
    ModelRenamed,

    /// <summary>The state has its final name.</summary>
    StateRenamed,

    /// <summary>The directory with the names of both has been flushed to disk.</summary>
    PairDurable,

    /// <summary>The <c>.resume</c> has been written under its temporary name.</summary>
    ResumeWritten,

    /// <summary>The <c>.resume</c> has been flushed to disk.</summary>
    ResumeFlushed,

    /// <summary>The <c>.resume</c> has its final name: the snapshot is there.</summary>
    ResumeRenamed,

    /// <summary>The directory has been flushed to disk again.</summary>
    ResumeDurable,

    /// <summary>All has been read back and found to be what was written.</summary>
    ReadBack,

    /// <summary>The model of an older snapshot has been removed.</summary>
    ModelPruned,

    /// <summary>The state of an older snapshot has been removed.</summary>
    StatePruned,

    /// <summary>The <c>.resume</c> of an older snapshot has been removed: it is gone.</summary>
    ResumePruned,

    /// <summary>A run's manifest has been written under its temporary name.</summary>
    ManifestWritten,

    /// <summary>The manifest has its final name.</summary>
    ManifestRenamed,

    /// <summary>A part of the metrics has been written under its temporary name.</summary>
    MetricsPartWritten,

    /// <summary>The part has its final name.</summary>
    MetricsPartRenamed,
}
