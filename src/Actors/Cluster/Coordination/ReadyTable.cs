using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What members told of an epoch that they have built. Not thread-safe.</summary>
internal sealed class ReadyTable
{
    private readonly Dictionary<ulong, Ready> _told = [];
    private View _view = new();

    /// <summary>Whether all members have told.</summary>
    public bool IsWhole => _told.Count == _view.Members.Count;

    /// <summary>What the member told that the others have their parameters from.</summary>
    public Ready Source => _told[SourceMember.Node];

    /// <summary>That member.</summary>
    public Member SourceMember => _view.Members[(int)_view.Source];

    /// <summary>A new epoch is put together.</summary>
    public void Begin(View view)
    {
        _view = view;
        _told.Clear();
    }

    /// <summary>A member has built its part.</summary>
    public void Add(Ready ready) => _told[ready.Node] = ready;

    /// <summary>Whether a node has told.</summary>
    public bool Has(ulong node) => _told.ContainsKey(node);

    /// <summary>A member that does not have the parameters that it should have; null where all have them.</summary>
    public Member? FindDifferent() => _view.Members.FirstOrDefault(member =>
    {
        Ready told = _told[member.Node];
        return told.StateHash != Source.StateHash || told.Iteration != Source.Iteration
            || (_view.Base >= 0 && told.Iteration != _view.Base);
    });
}
