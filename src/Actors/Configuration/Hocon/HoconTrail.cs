namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>The settings that the resolver is working out, newest first.</summary>
internal sealed record HoconTrail(HoconNode? Newest, HoconTrail? Older)
{
    public static readonly HoconTrail Empty = new(null, null);

    /// <summary>All of them, oldest first.</summary>
    public IEnumerable<HoconNode> Nodes
    {
        get
        {
            var nodes = new List<HoconNode>();
            for (HoconTrail? trail = this; trail?.Newest is { } node; trail = trail.Older)
                nodes.Add(node);
            nodes.Reverse();
            return nodes;
        }
    }

    public HoconTrail With(HoconNode node) => new(node, this);

    public bool Contains(HoconNode node)
    {
        for (HoconTrail? trail = this; trail is not null; trail = trail.Older)
        {
            if (ReferenceEquals(trail.Newest, node))
                return true;
        }

        return false;
    }
}
