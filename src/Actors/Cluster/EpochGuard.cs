using Akka.Actor;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// Lets nobody commit a snapshot whose epoch is over: a process that was stopped for a while does not know what the
/// others agreed on meanwhile, so a majority of its epoch's members is asked each time. Thread-safe.
/// </summary>
internal sealed class EpochGuard
{
    private static readonly TimeSpan AnswerWait = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Question> _open = [];
    private ulong _last;

    /// <summary>The node's actor, which asks.</summary>
    public IActorRef Node { get; set; } = ActorRefs.Nobody;

    /// <summary>Waits until a majority has said that an epoch stands.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <exception cref="CaffeException">CFA1703: it is over, or too few answer.</exception>
    public void Require(ulong epoch)
    {
        Question question;
        lock (_lock)
        {
            question = new Question(epoch, ++_last);
            _open.Add(question.Number, question);
        }

        Node.Tell(question);
        bool answered = question.Wait(AnswerWait);
        lock (_lock)
            _open.Remove(question.Number);
        if (answered && question.Stands)
            return;
        throw new CaffeException(ErrorCodes.ClusterLost, FailureKind.Cluster, answered
            ? $"the members of epoch {epoch} have gone on without this node; it commits no snapshot"
            : $"no majority of the members of epoch {epoch} answers; this node commits no snapshot");
    }

    /// <summary>A question went out.</summary>
    /// <param name="question">The question.</param>
    /// <param name="members">Who is asked, the one with the lowest address first.</param>
    public void Expect(Question question, IReadOnlyList<ulong> members)
    {
        lock (_lock)
            question.Members = members;
    }

    /// <summary>The epoch is known to be over.</summary>
    public void Refuse(Question question)
    {
        lock (_lock)
            question.Answer(stands: false);
    }

    /// <summary>A member answered.</summary>
    public void Hear(EpochConfirmed answer)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(answer.Question, out Question? question))
                question.Hear(answer);
        }
    }

    /// <summary>A question to the members of an epoch.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="number">Its number.</param>
    internal sealed class Question(ulong epoch, ulong number)
    {
        private readonly object _sync = new();
        private readonly HashSet<ulong> _agree = [];
        private bool _answered;

        /// <summary>The epoch.</summary>
        public ulong Epoch => epoch;

        /// <summary>Its number.</summary>
        public ulong Number => number;

        /// <summary>Who is asked, the one with the lowest address first.</summary>
        public IReadOnlyList<ulong> Members { get; set; } = [];

        /// <summary>Whether the epoch stands.</summary>
        public bool Stands { get; private set; }

        /// <summary>Waits for the answer.</summary>
        public bool Wait(TimeSpan limit)
        {
            lock (_sync)
                return _answered || (Monitor.Wait(_sync, limit) && _answered);
        }

        /// <summary>One member's answer.</summary>
        public void Hear(EpochConfirmed answer)
        {
            if (!answer.Stands)
                Answer(stands: false);
            else if (_agree.Add(answer.Node) && Quorum.Holds(Members, _agree))
                Answer(stands: true);
        }

        /// <summary>The answer.</summary>
        public void Answer(bool stands)
        {
            lock (_sync)
            {
                if (_answered)
                    return;
                (Stands, _answered) = (stands, true);
                Monitor.PulseAll(_sync);
            }
        }
    }
}
