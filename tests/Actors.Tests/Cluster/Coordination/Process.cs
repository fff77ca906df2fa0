using System.Globalization;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;
using Progress = CaffeActors.Actors.Cluster.Messages.Progress;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>A process of a <see cref="World"/>: a node, and a coordinator where the cluster wants one there.</summary>
internal sealed class Process : INodeOutput, ICoordinatorOutput
{
    private readonly World _world;
    private readonly NodeState _state;
    private Process? _coordinatorAt;
    private View? _building;
    private bool _takesState;
    private View? _view;
    private ulong _content;
    private long _iteration = -1;
    private ulong? _sum;
    private bool _runs;

    public Process(World world, int index, ulong node, string netHash = "net")
    {
        (_world, Index, Node) = (world, index, node);
        Member = new Member
        {
            Node = node,
            Name = string.Create(CultureInfo.InvariantCulture, $"n{index}:1"),
            Devices = 1,
        };
        _state = new NodeState(Member, new Frozen { NetHash = netHash, SolverHash = "solver" }, this);
    }

    public int Index { get; }

    public ulong Node { get; }

    public Member Member { get; }

    public bool IsDead { get; private set; }

    public bool IsOver { get; private set; }

    /// <summary>How the run ended for it; null while it goes on.</summary>
    public RunOver? Over { get; private set; }

    public NodeState State => _state;

    public CoordinatorState? Coordinator { get; private set; }

    public Dictionary<ulong, string> BegunEpochs { get; } = [];

    public List<ClusterEvent> Events { get; } = [];

    public void Coordinate()
    {
        Coordinator ??= new CoordinatorState(_world.Settings, new FakeDealer(), Node, this);
        Coordinator.Expect(
            _world.Processes.Count(other => !other.IsDead && !_world.AreApart(other, this)),
            _world.Processes.Count);
    }

    public void StopCoordinating() => Coordinator = null;

    public void Die() => (IsDead, Coordinator) = (true, null);

    public void Hear(Process from, IMessage message)
    {
        if (IsOver)
            return;
        _coordinatorAt = from;
        _state.Handle(message);
    }

    /// <summary>Time passes for the node.</summary>
    public void Tick()
    {
        if (IsDead || IsOver)
            return;
        _state.Tick();
        if (_view is not null && _state.View?.Epoch == _view.Epoch)
        {
            Tell(new Progress
            {
                Epoch = _state.Promised,
                Node = Node,
                Iteration = _state.Committed,
                Phase = _runs && _sum is null ? NodePhase.Reduces : NodePhase.Idle,
            });
        }
    }

    /// <summary>What trains here takes its next step, if it can.</summary>
    public void Work()
    {
        if (IsDead || IsOver)
            return;
        if (_building is not null)
            Finish();
        else if (_runs && _sum is null)
            Sum();
    }

    /// <inheritdoc/>
    void INodeOutput.Tell(IMessage message) => Tell(message);

    /// <inheritdoc/>
    public void Suspend() => _runs = false;

    /// <inheritdoc/>
    public void Build(View view, bool commitFirst, bool takesState)
    {
        if (commitFirst)
            (_content, _iteration) = (_sum!.Value, _iteration + 1);
        (_building, _takesState, _view, _sum, _runs) = (view.Clone(), takesState, view.Clone(), null, false);
    }

    /// <inheritdoc/>
    public void StandBy() => (_building, _view, _sum, _runs, _iteration) = (null, null, null, false, -1);

    /// <inheritdoc/>
    public void Run()
    {
        _runs = true;
        _world.Begins(this, _view!);
        _world.Holds(this, _iteration, _content);
    }

    /// <inheritdoc/>
    public void Commit(long iteration, float loss)
    {
        (_content, _iteration, _sum) = (_sum!.Value, _iteration + 1, null);
        _world.Holds(this, _iteration, _content);
    }

    /// <inheritdoc/>
    void INodeOutput.End(RunOver over) => (IsOver, Over) = (true, over);

    /// <inheritdoc/>
    public void Send(ulong node, IMessage message)
    {
        if (_world.Find(node) is { } process)
            _world.Post(this, process, toCoordinator: false, message);
    }

    /// <inheritdoc/>
    public void Broadcast(IMessage message)
    {
        foreach (Process process in _world.Processes.Where(process => !process.IsDead))
            _world.Post(this, process, toCoordinator: false, message);
    }

    /// <inheritdoc/>
    public void Evict(Member node)
    {
    }

    /// <inheritdoc/>
    public void Note(ClusterEvent what) => Events.Add(what);

    /// <inheritdoc/>
    void ICoordinatorOutput.End(RunOver over)
    {
    }

    /// <inheritdoc/>
    public void Abdicate(RunOver over) => Die();

    private void Tell(IMessage message)
    {
        if (_coordinatorAt is not null)
            _world.Post(this, _coordinatorAt, toCoordinator: true, message);
    }

    // Parameters come from the epoch's source, which must be building, or ready, for the same epoch.
    private void Finish()
    {
        View view = _building!;
        if (_takesState)
        {
            if (_world.Find(view.Members[(int)view.Source].Node) is not { } source || _world.AreApart(this, source)
                || source._view?.Epoch != view.Epoch || source._takesState || source._building is not null)
                return;
            (_content, _iteration) = (source._content, source._iteration);
        }
        else if (view.Base < 0)
        {
            (_content, _iteration) = (0, 0);
        }

        _building = null;
        _takesState = false;
        _state.Built(new Ready
        {
            Epoch = view.Epoch,
            Node = Node,
            Iteration = _iteration,
            StateHash = _content,
            RunId = "run",
            BatchRecords = view.BatchRecords,
        });
    }

    private void Sum()
    {
        View view = _view!;
        bool whole = _world.Contribute(view.Epoch, _iteration + 1, this, view)
            || _world.IsWhole(view.Epoch, _iteration + 1, view);
        if (!whole)
            return;
        ulong sum = World.After(_content, view.Epoch, _iteration + 1);
        _sum = sum;
        _state.Summed(new Reduced
        {
            Epoch = view.Epoch,
            Node = Node,
            Iteration = _iteration + 1,
        });
        // A node whose epoch is over by now keeps no sum that counts.
        if (!_state.HoldsSum)
            _sum = null;
    }
}
