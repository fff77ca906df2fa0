using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster;

/// <summary>What a node's actor asks its process to do, one after the other.</summary>
internal abstract record NodeOrder
{
    /// <summary>The order to build; whoever carries it out disposes of it.</summary>
    /// <param name="view">The epoch.</param>
    /// <param name="commitFirst">Whether to update by the sum that is held before.</param>
    /// <param name="takesState">Whether the parameters are had from the view's source.</param>
    public static Build ToBuild(View view, bool commitFirst, bool takesState) => new(view, commitFirst, takesState);

    /// <summary>End what trains, and build what an epoch asks for.</summary>
    /// <param name="View">The epoch.</param>
    /// <param name="CommitFirst">Whether to update by the sum that is held before.</param>
    /// <param name="TakesState">Whether the parameters are had from the view's source.</param>
    internal sealed record Build(View View, bool CommitFirst, bool TakesState) : NodeOrder, IDisposable
    {
        private readonly CancellationTokenSource _outdated = new();
        private bool _isOver;

        /// <summary>Set when another epoch is asked for.</summary>
        public CancellationToken Outdated => _outdated.Token;

        /// <summary>Another epoch is asked for.</summary>
        public void Cancel()
        {
            lock (_outdated)
            {
                if (!_isOver)
                    _outdated.Cancel();
            }
        }

        /// <summary>It is carried out, or given up.</summary>
        public void Dispose()
        {
            lock (_outdated)
            {
                _isOver = true;
                _outdated.Dispose();
            }
        }
    }

    /// <summary>End what trains; parameters are of no use any more.</summary>
    internal sealed record StandBy : NodeOrder;

    /// <summary>The run is over.</summary>
    /// <param name="Over">How.</param>
    internal sealed record End(RunOver Over) : NodeOrder;
}
