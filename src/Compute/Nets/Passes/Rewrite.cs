namespace CaffeActors.Compute.Nets.Passes;

/// <summary>One place of a net that a pass changes; the change can be taken back and made again between
/// passes.</summary>
internal abstract class Rewrite
{
    /// <summary>What it does.</summary>
    public abstract PassEffect Effect { get; }

    /// <summary>Makes the change.</summary>
    public abstract void Apply();

    /// <summary>Takes it back: each layer computes what is its own.</summary>
    public abstract void Undo();
}
