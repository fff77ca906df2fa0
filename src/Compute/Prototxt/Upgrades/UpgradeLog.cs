using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>Gathers what the steps of an upgrade tell.</summary>
internal sealed class UpgradeLog
{
    private readonly List<UpgradeNotice> _notices = [];

    /// <summary>Whether a step changed something.</summary>
    public bool Changed { get; private set; }

    /// <summary>Tells of a change.</summary>
    public void Done(string text, SourcePlace? place)
    {
        Changed = true;
        _notices.Add(new UpgradeNotice(text, IsLoss: false, place));
    }

    /// <summary>Tells of something that could not be carried over.</summary>
    public void Lost(string text, SourcePlace? place)
    {
        Changed = true;
        _notices.Add(new UpgradeNotice(text, IsLoss: true, place));
    }

    /// <summary>The result so far.</summary>
    public UpgradeResult ToResult() => new(Changed, [.. _notices]);
}
