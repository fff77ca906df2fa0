using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// A node's part in summing an iteration's gradients over all nodes: it hears what is ready, what came and what has
/// arrived elsewhere, and says what to do next. What is added to what depends on the routes alone, not on the order of
/// events. It knows no memory, link or clock. Not thread-safe, but for <see cref="WaitsFor"/>.
/// <para>
/// A neighbour may be one iteration ahead, since it may hear first that all sums are there: what it sends then waits
/// for <see cref="Begin"/>. Memory that is being sent is not changed: a sum is taken only once the partial one has
/// arrived, and who changes gradients between iterations waits for <see cref="IsQuiet"/>.
/// </para>
/// </summary>
internal sealed class NodeReduction
{
    private readonly NodeRoute[] _routes;
    private readonly Unit[] _units;
    // By stream and place among the neighbours, blocks of this iteration that have not come from them yet.
    private readonly int[] _missing;
    private readonly int[] _perIteration;
    private readonly int _ownPerIteration;
    private int _ownMissing;
    private int _unfinished;
    private int _sending;

    /// <summary>Makes the machine, ready for the first iteration.</summary>
    /// <param name="routes">By unit, its way through this node.</param>
    public NodeReduction(IReadOnlyList<NodeRoute> routes)
    {
        _routes = [.. routes];
        _units = [.. _routes.Select(route => new Unit(route))];
        Neighbours = [.. _routes.SelectMany(route => route.Neighbours).Distinct().Order()];
        _perIteration =
        [
            .. Neighbours.Select(rank => _routes.Sum(route => route.Adds.Count(peer => peer == rank))),
            .. Neighbours.Select(rank => _routes.Count(route => route.From == rank)),
        ];
        _missing = [.. _perIteration];
        _ownMissing = _ownPerIteration = _routes.Count(route => route.Gives);
        _unfinished = _units.Length;
    }

    /// <summary>Ranks that this node has links to.</summary>
    public IReadOnlyList<int> Neighbours { get; }

    /// <summary>By unit, its way through this node.</summary>
    public IReadOnlyList<NodeRoute> Routes => _routes;

    /// <summary>Whether all sums of the iteration are in the own gradients.</summary>
    public bool IsWhole => _unfinished == 0;

    /// <summary>Whether nothing is being sent.</summary>
    public bool IsQuiet => _sending == 0;

    /// <summary>Neighbours that partial sums of this iteration have not come from yet; where all have, those that the
    /// whole ones come from. None while the own gradients are not all there. May be called on any thread; what it tells
    /// may be a moment old.</summary>
    public IReadOnlyList<int> WaitsFor()
    {
        if (Volatile.Read(ref _ownMissing) > 0)
            return [];
        int count = Neighbours.Count;
        int[] partial = [.. Neighbours.Where((_, i) => Volatile.Read(ref _missing[i]) > 0)];
        return partial.Length > 0 ? partial
            : [.. Neighbours.Where((_, i) => Volatile.Read(ref _missing[count + i]) > 0)];
    }

    /// <summary>Begins the next iteration; the one before must be whole and nothing on its way.</summary>
    /// <param name="actions">Receives what is to be done.</param>
    public void Begin(List<NodeAction> actions)
    {
        if (!IsWhole || !IsQuiet)
            throw new InvalidOperationException("An iteration's sums are not whole, or are being sent.");
        _unfinished = _units.Length;
        Volatile.Write(ref _ownMissing, _ownPerIteration);
        for (int i = 0; i < _missing.Length; i++)
            Volatile.Write(ref _missing[i], _perIteration[i] + _missing[i]);
        for (int unit = 0; unit < _units.Length; unit++)
        {
            _units[unit].Begin();
            if (_units[unit].SumCame)
                OnSum(unit, actions);
        }
    }

    /// <summary>The node's own gradients of a unit are there.</summary>
    /// <param name="unit">The unit; one that the node gives (<see cref="NodeRoute.Gives"/>).</param>
    /// <param name="actions">Receives what is to be done.</param>
    public void OwnReady(int unit, List<NodeAction> actions)
    {
        _units[unit].OwnReady = true;
        Volatile.Write(ref _ownMissing, _ownMissing - 1);
        Advance(unit, actions);
    }

    /// <summary>A block has come. Each is told once.</summary>
    /// <param name="peer">From whom.</param>
    /// <param name="stream">A partial sum or the whole one.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="actions">Receives what is to be done.</param>
    public void Arrived(int peer, BlockStream stream, int unit, List<NodeAction> actions)
    {
        ref int missing = ref _missing[PlaceOf(peer) + (stream == BlockStream.Sum ? Neighbours.Count : 0)];
        Volatile.Write(ref missing, missing - 1);
        Unit state = _units[unit];
        if (stream == BlockStream.Partial)
        {
            state.Came[Array.IndexOf(_routes[unit].Adds, peer)] = true;
            Advance(unit, actions);
        }
        else if (state.Taken)
        {
            state.NextSumCame = true;
        }
        else
        {
            state.SumCame = true;
            OnSum(unit, actions);
        }
    }

    /// <summary>An action was carried out: for one that sends, the blocks are queued.</summary>
    /// <param name="action">The action.</param>
    /// <param name="actions">Receives what is to be done.</param>
    public void Ran(NodeAction action, List<NodeAction> actions)
    {
        int unit = action.Unit;
        Unit state = _units[unit];
        switch (action.Kind)
        {
            case NodeActionKind.Add:
                state.Adding = false;
                state.Added++;
                Advance(unit, actions);
                break;
            case NodeActionKind.SendPartial:
                _sending++;
                break;
            case NodeActionKind.SendSum:
                _sending += _routes[unit].Down.Length;
                Finish(actions);
                break;
            case NodeActionKind.ForwardSum:
                _sending += _routes[unit].Down.Length;
                break;
            case NodeActionKind.Take:
                Finish(actions);
                break;
            case NodeActionKind.Complete:
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "not carried out");
        }
    }

    /// <summary>A block has arrived at its receiver. Each is told once.</summary>
    /// <param name="stream">A partial sum or the whole one.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="actions">Receives what is to be done.</param>
    public void Sent(BlockStream stream, int unit, List<NodeAction> actions)
    {
        _sending--;
        if (stream != BlockStream.Partial)
            return;
        _units[unit].PartialArrived = true;
        TryTake(unit, actions);
    }

    private int PlaceOf(int peer)
    {
        for (int i = 0; i < Neighbours.Count; i++)
        {
            if (Neighbours[i] == peer)
                return i;
        }

        throw new ArgumentOutOfRangeException(nameof(peer), peer, "no neighbour");
    }

    private void Advance(int unit, List<NodeAction> actions)
    {
        (NodeRoute route, Unit state) = (_routes[unit], _units[unit]);
        if (!state.OwnReady || state.Adding || state.Passed)
            return;
        if (state.Added < route.Adds.Length)
        {
            if (!state.Came[state.Added])
                return;
            state.Came[state.Added] = false;
            state.Adding = true;
            actions.Add(new NodeAction(NodeActionKind.Add, unit, route.Adds[state.Added]));
            return;
        }

        state.Passed = true;
        actions.Add(new NodeAction(route.Up < 0 ? NodeActionKind.SendSum : NodeActionKind.SendPartial, unit, -1));
    }

    private void OnSum(int unit, List<NodeAction> actions)
    {
        if (_routes[unit].Down.Length > 0)
            actions.Add(new NodeAction(NodeActionKind.ForwardSum, unit, _routes[unit].From));
        TryTake(unit, actions);
    }

    private void TryTake(int unit, List<NodeAction> actions)
    {
        Unit state = _units[unit];
        if (!state.SumCame || !state.PartialArrived || state.Taken)
            return;
        state.Taken = true;
        actions.Add(new NodeAction(NodeActionKind.Take, unit, _routes[unit].From));
    }

    private void Finish(List<NodeAction> actions)
    {
        if (--_unfinished == 0)
            actions.Add(new NodeAction(NodeActionKind.Complete, -1, -1));
    }

    // Where a unit stands in this iteration.
    private sealed class Unit(NodeRoute route)
    {
        public bool OwnReady { get; set; }

        // By place among the route's ranks, whether a partial sum waits to be added.
        public bool[] Came { get; } = new bool[route.Adds.Length];

        public int Added { get; set; }

        public bool Adding { get; set; }

        public bool Passed { get; set; }

        public bool PartialArrived { get; set; } = route.Up < 0;

        public bool SumCame { get; set; }

        public bool NextSumCame { get; set; }

        public bool Taken { get; set; }

        public void Begin()
        {
            (OwnReady, Added, Passed, Taken) = (false, 0, false, false);
            PartialArrived = route.Up < 0;
            (SumCame, NextSumCame) = (NextSumCame, false);
        }
    }
}
