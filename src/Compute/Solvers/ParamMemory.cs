using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Solvers;

/// <summary>The numbers of one parameter on the CPU, as an update reads and writes them.</summary>
public readonly unsafe struct ParamMemory
{
    /// <summary>Takes the CPU's side of the blobs, which becomes the newest.</summary>
    /// <param name="blob">Weights and gradient.</param>
    /// <param name="history">The first block of history.</param>
    /// <param name="secondHistory">The second block; null where the rule has one.</param>
    public ParamMemory(Blob blob, Blob history, Blob? secondHistory)
    {
        Count = blob.Count;
        Weights = blob.MutableCpuData;
        Gradient = blob.MutableCpuDiff;
        History = history.MutableCpuData;
        SecondHistory = secondHistory is null ? null : secondHistory.MutableCpuData;
    }

    /// <summary>Number of elements of each array.</summary>
    public int Count { get; }

    /// <summary>The weights w; they become w - Δ.</summary>
    public float* Weights { get; }

    /// <summary>The accumulated gradient; it becomes Δ, or stays where <see cref="ParamUpdate.ClearGradient"/> is
    /// set.</summary>
    public float* Gradient { get; }

    /// <summary>The first block of history.</summary>
    public float* History { get; }

    /// <summary>The second block of history; null where the rule has one.</summary>
    public float* SecondHistory { get; }
}
