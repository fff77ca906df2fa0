namespace CaffeActors.Actors.Messages;

// What replicas and reducers say to each other, of one bucket of parameters. Each side makes its messages once.

/// <summary>To a reducer: a bucket's gradients are complete in the diffs of a replica you know; take them.</summary>
/// <param name="Bucket">Which bucket.</param>
internal sealed record BucketReady(int Bucket);

/// <summary>To the root replica: a bucket's gradients of all replicas are summed up in your diffs.</summary>
/// <param name="Bucket">Which bucket.</param>
internal sealed record BucketReduced(int Bucket);

/// <summary>To reducers and replicas: a bucket's new parameters are there.</summary>
/// <param name="Bucket">Which bucket.</param>
internal sealed record BucketUpdated(int Bucket);

/// <summary>To the next one in the ring: what you are to add to of a bucket's gradients is there.</summary>
/// <param name="Bucket">Which bucket.</param>
/// <param name="Chunk">Which part of it.</param>
internal sealed record ChunkReady(int Bucket, int Chunk);

/// <summary>To the root's place in the ring: all replicas' gradients of a part of a bucket are summed up where its way
/// ends.</summary>
/// <param name="Bucket">Which bucket.</param>
/// <param name="Chunk">Which part of it.</param>
internal sealed record ChunkSummed(int Bucket, int Chunk);
