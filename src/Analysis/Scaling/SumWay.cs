namespace CaffeActors.Analysis.Scaling;

/// <summary>How gradients are summed over nodes.</summary>
public enum SumWay
{
    /// <summary>Up a tree of pairs and down again, a bucket at a time.</summary>
    Tree,

    /// <summary>Round a ring, each bucket in as many chunks as there are nodes.</summary>
    Ring,
}
