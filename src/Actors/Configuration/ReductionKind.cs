namespace CaffeActors.Actors.Configuration;

/// <summary>How the gradients of several replicas are summed (<c>parallel.reduction</c>).</summary>
public enum ReductionKind
{
    /// <summary>Along a tree of pairs.</summary>
    Tree,

    /// <summary>Around a ring, in chunks.</summary>
    Ring,
}
