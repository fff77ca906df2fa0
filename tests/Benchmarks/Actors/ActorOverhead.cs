using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Benchmarks.Nets;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Benchmarks.Actors;

/// <summary>
/// What the actors cost: the same net and optimizer driven by a plain loop and by actors, in alternating rounds of
/// one process. Usage: <c>actors NET BATCH [ROUNDS [ITERATIONS]]</c>.
/// </summary>
internal static class ActorOverhead
{
    public static async Task<int> RunAsync(string[] args)
    {
        int rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 15;
        int iterations = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 20;
        using ReplicaGroup group = BenchmarkNets.Replicas(
            args[0], int.Parse(args[1], CultureInfo.InvariantCulture), new NetUse(Backward: true));
        using var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString(Dispatchers.Configuration(1)));
        IActorRef driver = system.ActorOf(
            Akka.Actor.Props.Create(() => new Driver(group)).WithDispatcher(Dispatchers.Replica(0)));
        List<double> plain = [], actors = [];
        for (int round = -2; round < rounds; round++)
        {
            // Both on the same thread: the replica's own.
            double a = await driver.Ask<double>(new PlainRound(iterations));
            double b = await driver.Ask<double>(new ActorRound(iterations));
            if (round < 0)
                continue;
            plain.Add(a);
            actors.Add(b);
        }

        double[] ratios = [.. plain.Zip(actors, (p, a) => a / p).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"plain loop {plain.Min():F3} ms, actors {actors.Min():F3} ms per iteration (min of {rounds} rounds of "
            + $"{iterations}); "
            + $"actors / plain: {actors.Min() / plain.Min():F4} of minima, {ratios[ratios.Length / 2]:F4} median of "
                + $"rounds"));
        return 0;
    }

    private sealed record PlainRound(int Iterations);

    private sealed record ActorRound(int Iterations);

    private sealed class Driver : UntypedActor
    {
        private readonly ReplicaGroup _group;
        private readonly IActorRef _root;
        private IActorRef _asker = ActorRefs.Nobody;
        private long _start;
        private int _left;
        private int _iterations;

        public Driver(ReplicaGroup group)
        {
            _group = group;
            string dispatcher = Dispatchers.Replica(0);
            IActorRef device = Context.ActorOf(DeviceActor.Props().WithDispatcher(dispatcher));
            _root = Context.ActorOf(ReplicaGroupActor.Props(group, device).WithDispatcher(dispatcher));
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case PlainRound plain:
                    Sender.Tell(Plain(plain.Iterations));
                    break;
                case ActorRound actor:
                    _asker = Sender;
                    _left = _iterations = actor.Iterations;
                    _start = Stopwatch.GetTimestamp();
                    _root.Tell(new Step(0));
                    break;
                case StepDone when --_left > 0:
                    _root.Tell(new Step(0));
                    break;
                case StepDone:
                    _asker.Tell(Stopwatch.GetElapsedTime(_start).TotalMilliseconds / _iterations);
                    break;
                case Failed failed:
                    throw failed.Failure;
            }
        }

        private double Plain(int iterations)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < iterations; i++)
            {
                _group.Root.Net.Forward();
                _group.Root.Net.Backward();
                _group.Optimizer.ApplyUpdate(0, clearGradients: true);
            }

            return Stopwatch.GetElapsedTime(start).TotalMilliseconds / iterations;
        }
    }
}
