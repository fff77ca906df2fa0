using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Messages;

/// <summary>To a prefetcher: fill this buffer. It reads only what was asked for: that is the back-pressure.</summary>
/// <param name="Batch">A buffer nobody uses.</param>
internal sealed record Demand(Batch Batch);

/// <summary>From a prefetcher: a buffer is filled.</summary>
/// <param name="Batch">The buffer.</param>
/// <param name="Number">How many batches were read before it.</param>
internal sealed record BatchReady(Batch Batch, long Number);

/// <summary>From a prefetcher: the source cannot be read; nothing comes after it.</summary>
/// <param name="Failure">Why.</param>
/// <param name="Number">How many batches were read before it.</param>
internal sealed record LoadFailed(CaffeException Failure, long Number);
