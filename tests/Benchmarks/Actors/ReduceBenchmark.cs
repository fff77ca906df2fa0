using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Reduction;
using CaffeActors.Actors.Training;
using CaffeActors.Benchmarks.Nets;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Benchmarks.Actors;

/// <summary>
/// What the reduction of AlexNet's gradients (61 million numbers) moves in a second, beside a plain copy on the same
/// cores, and how much of it an iteration hides. Usage: <c>reduce [REPLICAS [KIND [BUCKET-MIB [ROUNDS [BATCH]]]]]</c>;
/// batch 0 leaves the iteration out.
/// </summary>
internal static class ReduceBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        int count = Number(args, 0, 2);
        ReductionKind kind =
            args.Length > 1 ? Enum.Parse<ReductionKind>(args[1], ignoreCase: true) : ReductionKind.Tree;
        int bucket = Number(args, 2, 4), rounds = Number(args, 3, 10), batch = Number(args, 4, 8);
        int threads = Math.Max(1, Environment.ProcessorCount / count);
        using ReplicaGroup group =
            BenchmarkNets.Replicas(
                "alexnet", Math.Max(1, batch), new NetUse(Backward: true), threads, count, kind, (long)bucket << 20);
        long bytes = group.Root.Net.LearnableParams.Sum(param => (long)param.Blob.Count * sizeof(float));
        Touch(group);
        using var system = ActorSystem.Create(
            "bench", ConfigurationFactory.ParseString(Dispatchers.Configuration(count)));
        IActorRef driver = system.ActorOf(
            Akka.Actor.Props.Create(() => new Driver(group)).WithDispatcher(Dispatchers.Replica(0)));
        List<double> copies = [], reductions = [];
        for (int round = -2; round < rounds; round++)
        {
            double copy = Copy(group);
            double reduction = await driver.Ask<double>(Driver.Reduce);
            if (round < 0)
                continue;
            copies.Add(2.0 * bytes / copy);
            reductions.Add(reduction);
        }

        // A sum reads two arrays and writes one; taking over reads one, writes one and clears one.
        double moved = (count - 1) * (3.0 + 3.0) * bytes;
        if (kind == ReductionKind.Ring)
            moved += 2.0 * bytes * (count - 1) / count;
        double milliseconds = Samples.Median(reductions), rate = moved / milliseconds, copied = Samples.Median(copies);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kind} of {count} x {bytes >> 20} MiB in {group.Buckets.Count} buckets, {threads} thread(s) each: "
            + $"{milliseconds:F1} ms, {rate / 1e6:F1} GB/s; plain copy {copied / 1e6:F1} GB/s; "
            + $"{100 * rate / copied:F0} % (medians of {rounds})"));
        if (batch > 0)
            await IterateAsync(group, driver, milliseconds, Math.Max(3, rounds / 2));
        await system.Terminate();
        return 0;
    }

    private static async Task IterateAsync(ReplicaGroup group, IActorRef driver, double reduction, int iterations)
    {
        double update = Time(() => group.Optimizer.ApplyUpdate(0, clearGradients: true));
        update = Math.Min(update, Time(() => group.Optimizer.ApplyUpdate(0, clearGradients: true)));
        await driver.Ask<double>(Driver.Start);
        group.TakeExposed();
        List<double> times = [];
        for (int i = 0; i < iterations; i++)
            times.Add(await driver.Ask<double>(new Step(i + 1)));
        double exposed = group.TakeExposed();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"iteration {Samples.Median(times):F0} ms; reduction and update alone {reduction:F0} + {update:F0} ms; "
            + $"the root's passes over, {exposed:F1} ms are left: {100 * (1 - (exposed / (reduction + update))):F0} % "
            + $"are hidden"));
    }

    // The memory that a copy by all devices at once moves: each its share of the root's gradients.
    private static unsafe double Copy(ReplicaGroup group)
    {
        int count = group.Replicas.Count;
        Replica other = group.Replicas[^1];
        return Time(() => Parallel.For(0, count, rank =>
        {
            foreach (LearnableParam param in group.Root.Net.LearnableParams)
            {
                Blob target = other.Net.LearnableParams[IndexOf(param)].Blob;
                int from = (int)((long)param.Blob.Count * rank / count);
                int to = (int)((long)param.Blob.Count * (rank + 1) / count);
                GradientSum.Copy(group.Replicas[rank].Device, target.MutableCpuDiff + from,
                    param.Blob.CpuDiff + from, to - from);
            }
        }));

        int IndexOf(LearnableParam param) => group.Root.Net.LearnableParams.ToList().IndexOf(param);
    }

    private static void Touch(ReplicaGroup group)
    {
        foreach (Replica replica in group.Replicas)
            replica.Net.ClearParamDiffs();
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static int Number(string[] args, int at, int standard) =>
        args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : standard;

    // In the replicas' place for a reduction alone; their parent for an iteration.
    private sealed class Driver(ReplicaGroup group) : UntypedActor
    {
        public const string Reduce = "reduce";
        public const string Start = "start";

        private readonly List<IActorRef> _devices = [];
        private ReductionWiring? _wiring;
        private IActorRef _group = ActorRefs.Nobody;
        private IActorRef _asker = ActorRefs.Nobody;
        private long _start;
        private int _missing;

        protected override void PreStart()
        {
            for (int rank = 0; rank < group.Replicas.Count; rank++)
                _devices.Add(Context.ActorOf(DeviceActor.Props().WithDispatcher(Dispatchers.Replica(rank))));
            _wiring = new ReductionWiring(group, _devices);
            Array.Fill(_wiring.Replicas, Self);
            if (group.Reduction == ReductionKind.Ring)
                RingReduction.Start(Context, _wiring);
            else
                TreeReduction.Start(Context, _wiring);
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Reduce:
                    Begin();
                    _missing = (_wiring!.Replicas.Length - 1) * group.Buckets.Count;
                    for (int bucket = 0; bucket < group.Buckets.Count; bucket++)
                    {
                        foreach (IActorRef up in _wiring.Up)
                            up.Tell(new BucketReady(bucket));
                    }

                    break;
                case BucketReduced reduced:
                    foreach (IActorRef down in _wiring!.Down[0])
                        down.Tell(new BucketUpdated(reduced.Bucket));
                    break;
                case BucketUpdated when --_missing == 0:
                case StepDone:
                    _asker.Tell(Stopwatch.GetElapsedTime(_start).TotalMilliseconds);
                    break;
                case BucketUpdated:
                    break;
                case Start:
                    Begin();
                    _group = Context.ActorOf(ReplicaGroupActor.Props(group, _devices)
                        .WithDispatcher(Dispatchers.Replica(0)));
                    _group.Tell(new Step(0));
                    break;
                case Step:
                    Begin();
                    _group.Tell(message);
                    break;
                case Failed failed:
                    throw failed.Failure;
            }
        }

        private void Begin() => (_asker, _start) = (Sender, Stopwatch.GetTimestamp());
    }
}
