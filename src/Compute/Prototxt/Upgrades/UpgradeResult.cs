namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>What upgrading a net or solver came to.</summary>
/// <param name="Changed">Whether anything was changed; what is up to date already stays as it is.</param>
/// <param name="Notices">What was done and what was lost, in the order in which it happened.</param>
public sealed record UpgradeResult(bool Changed, IReadOnlyList<UpgradeNotice> Notices)
{
    /// <summary>Whether nothing was lost; Caffe's upgrade tools exit with 1 where something was.</summary>
    public bool Lossless => !Notices.Any(notice => notice.IsLoss);
}
