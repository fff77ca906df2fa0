using System.Globalization;
using CaffeActors.Actors.Training;
using CaffeActors.Benchmarks.Nets;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;

namespace CaffeActors.Benchmarks;

/// <summary>What one run measures: <c>NET BATCH ITERATIONS [THREADS] [infer] [least] [cheap|own]
/// [fp16|bf16]</c>.</summary>
/// <param name="Net">A net of <see cref="BenchmarkNets"/>.</param>
/// <param name="Batch">Images in a batch.</param>
/// <param name="Iterations">How many count.</param>
/// <param name="Threads">0, the default, takes one for each core.</param>
/// <param name="Infer">Whether the net runs forward only, in phase TEST. Default: it trains.</param>
/// <param name="Least">Whether the least time counts and not the median.</param>
/// <param name="Precision">How blobs are kept.</param>
/// <param name="Use">What a net that trains keeps for its backward pass; null where each blob has memory of its
/// own.</param>
internal sealed record RunArguments(
    string Net, int Batch, int Iterations, int Threads, bool Infer, bool Least, StorageType Precision, NetUse? Use)
{
    /// <summary>What the table calls it.</summary>
    public string Title => $"{Net}, batch {Batch}, {(Infer ? "inference" : "training")}";

    /// <summary>Reads the words after the verb.</summary>
    /// <exception cref="ArgumentException">A word is missing or unknown.</exception>
    public static RunArguments Parse(string[] words)
    {
        if (words.Length < 3)
        {
            throw new ArgumentException(
                "NET BATCH ITERATIONS [THREADS] [infer] [least] [cheap|own] [fp16|bf16] are needed");
        }

        List<string> rest = [.. words[3..]];
        bool infer = rest.Remove("infer"), least = rest.Remove("least"), own = rest.Remove("own");
        var use = new NetUse(Backward: true) { Recompute = rest.Remove("cheap") ? Recompute.Cheap : Recompute.None };
        int threads = rest.Count > 0 && char.IsAsciiDigit(rest[0][0]) ? Number(rest[0]) : 0;
        if (rest.Count > 0 && char.IsAsciiDigit(rest[0][0]))
            rest.RemoveAt(0);
        StorageType precision =
            rest.Count > 0 ? StorageNames.Parse(rest[0], "the precision") : StorageType.Float32;
        return new RunArguments(words[0], Number(words[1]), Number(words[2]), threads, infer, least, precision,
            own ? null : use);
    }

    /// <summary>The net, to train.</summary>
    public ReplicaGroup Training() => BenchmarkNets.Replicas(Net, Batch, Use, Threads, precision: Precision);

    /// <summary>The net, to run forward.</summary>
    public Replica Inference() => BenchmarkNets.Inference(Net, Batch, Threads, Precision);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
