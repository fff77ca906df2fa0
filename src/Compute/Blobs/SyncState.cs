namespace CaffeActors.Compute.Blobs;

/// <summary>Which side of a <see cref="SyncedMemory"/> holds the newest values.</summary>
public enum SyncState
{
    /// <summary>No side has values: all of them are zero.</summary>
    Uninitialized,

    /// <summary>The CPU's side is newer.</summary>
    HeadAtCpu,

    /// <summary>The accelerator's side is newer.</summary>
    HeadAtGpu,

    /// <summary>Both sides hold the same values.</summary>
    Synced,
}
