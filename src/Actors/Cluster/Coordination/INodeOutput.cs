using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What a node's part in a run makes it do.</summary>
internal interface INodeOutput
{
    /// <summary>Answers the coordinator; it may be lost.</summary>
    /// <param name="message">The message.</param>
    void Tell(IMessage message);

    /// <summary>What trains is to stand still until the next epoch is known: whatever it sums counts no more.</summary>
    void Suspend();

    /// <summary>Builds what trains for an epoch. The one before it ends; where it is told so, it first updates by the
    /// sum that it holds.</summary>
    /// <param name="view">The epoch.</param>
    /// <param name="commitFirst">Whether that sum is the base's and still to be updated by.</param>
    /// <param name="takesState">Whether the parameters are to be had from the view's source.</param>
    void Build(View view, bool commitFirst, bool takesState);

    /// <summary>The node is no member of an epoch: it ends what trains and stands by.</summary>
    void StandBy();

    /// <summary>Training goes on.</summary>
    void Run();

    /// <summary>An iteration stands: update.</summary>
    /// <param name="iteration">Updates done so far, this one not counted.</param>
    /// <param name="loss">The sum of all nodes' parts of the loss.</param>
    void Commit(long iteration, float loss);

    /// <summary>The run is over for this node.</summary>
    /// <param name="over">How.</param>
    void End(RunOver over);
}
