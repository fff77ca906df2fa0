namespace CaffeActors.Benchmarks.Cluster;

/// <summary>A way to send buckets from one place of this machine to another.</summary>
internal interface ITransfer : IDisposable
{
    /// <summary>What the table calls it.</summary>
    string Name { get; }

    /// <summary>Sends all buckets, once.</summary>
    /// <returns>How long it took until all were there.</returns>
    TimeSpan Send(Buckets from, Buckets to);
}
