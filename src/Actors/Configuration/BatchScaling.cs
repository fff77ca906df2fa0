namespace CaffeActors.Actors.Configuration;

/// <summary>What a net's batch size means to several replicas (<c>parallel.scaling</c>).</summary>
public enum BatchScaling
{
    /// <summary>Each replica takes all of it, as in Caffe: the batch of an iteration grows with the devices.</summary>
    Weak,

    /// <summary>It is divided among the replicas, as in NVIDIA's fork.</summary>
    Strong,
}
