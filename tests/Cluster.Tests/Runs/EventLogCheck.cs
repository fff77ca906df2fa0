namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>
/// Whether what the nodes of a run wrote down is what a run may do: iterations are committed once and in order, epochs
/// only rise, all know the same members of an epoch, and each record is taken exactly once. The logs are traced ones.
/// </summary>
internal sealed class EventLogCheck
{
    private readonly List<string> _faults = [];
    private readonly IReadOnlyList<IReadOnlyList<LoggedEvent>> _nodes;
    private readonly IReadOnlyList<IReadOnlyList<LoggedEvent>> _coordinators;
    private readonly Dictionary<ulong, IReadOnlyList<string>> _members = [];
    private readonly SortedDictionary<long, ulong> _epochs = [];

    private EventLogCheck(IReadOnlyList<IReadOnlyList<LoggedEvent>> logs)
    {
        _nodes = [.. logs.Where(log => log.Count > 0 && log[0].By == "node")];
        _coordinators = [.. logs.Where(log => log.Count > 0 && log[0].By == "coordinator")];
    }

    /// <summary>Looks at the logs of all nodes of a run.</summary>
    /// <param name="logs">The logs, of nodes and of coordinators.</param>
    /// <param name="batchRecords">Records of an iteration.</param>
    /// <returns>What must not be; nothing where all is well.</returns>
    public static IReadOnlyList<string> Faults(IReadOnlyList<IReadOnlyList<LoggedEvent>> logs, long batchRecords)
    {
        var check = new EventLogCheck(logs);
        check.CheckMembers();
        foreach (IReadOnlyList<LoggedEvent> log in logs)
            check.CheckEpochsRise(log);
        foreach (IReadOnlyList<LoggedEvent> log in check._nodes)
            check.CheckNode(log);
        check.CheckCoordinators();
        check.CheckIterations();
        foreach ((long iteration, ulong epoch) in check._epochs)
            check.CheckRecords(iteration, epoch, batchRecords);
        return check._faults;
    }

    private static bool IsCommit(LoggedEvent what) => what.Kind == "committed";

    private void CheckMembers()
    {
        foreach (LoggedEvent formed in _nodes.Concat(_coordinators).SelectMany(log => log)
            .Where(what => what.Kind == "formed"))
        {
            if (!_members.TryAdd(formed.Epoch, formed.Nodes) && !_members[formed.Epoch].SequenceEqual(formed.Nodes))
                _faults.Add($"{formed.Node} knows other members of epoch {formed.Epoch}");
        }
    }

    private void CheckEpochsRise(IReadOnlyList<LoggedEvent> log)
    {
        ulong epoch = 0;
        foreach (LoggedEvent what in log)
        {
            if (what.Epoch < epoch)
                _faults.Add($"{what.Node} went back from epoch {epoch} to {what.Epoch} ({what.Kind})");
            epoch = what.Epoch;
        }
    }

    // What a node commits comes one after the other; where it starts in an epoch is what it goes on from.
    private void CheckNode(IReadOnlyList<LoggedEvent> log)
    {
        long stands = long.MinValue;
        foreach (LoggedEvent what in log)
        {
            if (what.Kind == "started")
            {
                // A node that takes parameters over leaps forward, and no node ever back.
                if (what.Iteration < stands)
                    _faults.Add($"{what.Node} fell back from iteration {stands} to {what.Iteration}");
                stands = what.Iteration;
            }
            else if (IsCommit(what))
            {
                if (what.Iteration != stands + 1)
                    _faults.Add($"{what.Node} committed iteration {what.Iteration} after {stands}");
                stands = what.Iteration;
                if (!_epochs.TryAdd(what.Iteration, what.Epoch) && _epochs[what.Iteration] != what.Epoch)
                {
                    _faults.Add($"iteration {what.Iteration} was committed in epoch {_epochs[what.Iteration]} and in "
                        + what.Epoch);
                }

                if (!_members.TryGetValue(what.Epoch, out IReadOnlyList<string>? members)
                    || !members.Contains(what.Node))
                {
                    _faults.Add($"{what.Node} is no member of epoch {what.Epoch}, in which it committed iteration "
                        + what.Iteration);
                }
            }
        }
    }

    private void CheckCoordinators()
    {
        var committed = new HashSet<long>();
        foreach (LoggedEvent what in _coordinators.SelectMany(log => log).Where(IsCommit))
        {
            if (!committed.Add(what.Iteration))
                _faults.Add($"coordinators committed iteration {what.Iteration} twice");
            if (_epochs.TryGetValue(what.Iteration, out ulong epoch) ? epoch != what.Epoch : !IsEndOfAll(what))
                _faults.Add($"no node committed iteration {what.Iteration} in epoch {what.Epoch}, its coordinator did");
        }

        ulong last = 0;
        foreach (LoggedEvent formed in _coordinators.SelectMany(log => log).Where(what => what.Kind == "formed")
            .OrderBy(what => what.Time))
        {
            if (formed.Epoch <= last)
                _faults.Add($"epoch {formed.Epoch} was formed after {last}");
            last = formed.Epoch;
        }
    }

    // Said by a coordinator that then died with all that heard it.
    private bool IsEndOfAll(LoggedEvent commit) =>
        _epochs.Count == 0 || commit.Iteration > _epochs.Keys.Last();

    private void CheckIterations()
    {
        long? before = null;
        ulong epoch = 0;
        foreach ((long iteration, ulong its) in _epochs)
        {
            if (before is not null && iteration != before + 1)
                _faults.Add($"nobody committed the iterations between {before} and {iteration}");
            if (its < epoch)
                _faults.Add($"iteration {iteration} was committed in epoch {its}, the one before in {epoch}");
            (before, epoch) = (iteration, its);
        }
    }

    private void CheckRecords(long iteration, ulong epoch, long batchRecords)
    {
        long begin = (iteration - 1) * batchRecords;
        var commits = _nodes.SelectMany(log => log).Where(what => IsCommit(what) && what.Iteration == iteration)
            .ToList();
        foreach (IGrouping<string, (string Layer, long First, long Count)> layer in
            commits.SelectMany(what => what.Records).GroupBy(row => row.Layer))
        {
            long next = begin, sum = 0;
            foreach ((_, long first, long count) in layer.OrderBy(row => row.First))
            {
                if (first < next || first + count > begin + batchRecords)
                {
                    _faults.Add($"iteration {iteration} took records {first} to {first + count - 1} of {layer.Key} "
                        + $"where {next} was the next of those up to {begin + batchRecords - 1}");
                }

                next = first + count;
                sum += count;
            }

            if (sum != batchRecords && !HasDead(epoch, iteration))
                _faults.Add($"iteration {iteration} took {sum} of {batchRecords} records of {layer.Key}");
        }

        if (commits.TrueForAll(what => what.Records.Count == 0))
            _faults.Add($"iteration {iteration} took no records");
    }

    // A member that went before it wrote down what the others committed with it: nothing follows in its log.
    private bool HasDead(ulong epoch, long iteration) =>
        _members.TryGetValue(epoch, out IReadOnlyList<string>? members)
        && members.Any(member => _nodes.FirstOrDefault(log => log[0].Node == member) is not { } log
            || log.All(what => what.Iteration < iteration));
}
