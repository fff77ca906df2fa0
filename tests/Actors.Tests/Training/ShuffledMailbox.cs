using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Hands out waiting messages in a random order that follows from a seed.</summary>
public sealed class ShuffledMailbox(Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<ShuffledMailbox.Queue>
{
    /// <summary>Messages that were handed out before one that came earlier.</summary>
    public static int Overtakings;

    private readonly int _seed = config.GetInt("seed");

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) =>
        new Queue(HashCode.Combine(_seed, owner?.Path.Name.Length));

    public sealed class Queue(int seed) : IMessageQueue, IUnboundedMessageQueueSemantics
    {
        private readonly Lock _lock = new();
        private readonly List<Envelope> _waiting = [];
        private readonly System.Random _random = new(seed);

        public bool HasMessages => Count > 0;

        public int Count
        {
            get
            {
                lock (_lock)
                    return _waiting.Count;
            }
        }

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            lock (_lock)
                _waiting.Add(envelope);
        }

        public bool TryDequeue(out Envelope envelope)
        {
            lock (_lock)
            {
                envelope = default;
                if (_waiting.Count == 0)
                    return false;
                int taken = _random.Next(_waiting.Count);
                if (taken > 0)
                    Interlocked.Increment(ref Overtakings);
                envelope = _waiting[taken];
                _waiting.RemoveAt(taken);
                return true;
            }
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out Envelope envelope))
                deadletters.Enqueue(owner, envelope);
        }
    }
}
