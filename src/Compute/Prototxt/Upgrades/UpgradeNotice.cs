using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>One thing an upgrade did or could not do.</summary>
/// <param name="Text">A sentence for the user.</param>
/// <param name="IsLoss">
/// Whether the upgrade counts as incomplete, as it does in Caffe: a field of a V0 layer that means nothing to the
/// layer's type is gone.
/// </param>
/// <param name="Place">Where it was written, or null where the message did not come from text.</param>
public sealed record UpgradeNotice(string Text, bool IsLoss, SourcePlace? Place);
