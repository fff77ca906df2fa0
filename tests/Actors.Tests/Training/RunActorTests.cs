using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Internal;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A whole run: messages in any order, one thread for a replica, a test that is cut short.</summary>
public sealed class RunActorTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ShuffledRun_GivesTheSameBitsAndMetrics(int seed)
    {
        await _fixture.RunAsync(_fixture.Plan(runs: "plain"));
        int before = ShuffledMailbox.Overtakings;
        RunOutcome outcome = await _fixture.RunInAsync(_fixture.Plan(runs: "shuffled"), $$"""
            caffeactors.dispatchers.replica-0 {
              mailbox-type = "{{typeof(ShuffledMailbox).AssemblyQualifiedName}}"
              seed = {{seed}}
            }
            """);
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.True(ShuffledMailbox.Overtakings > before);
        Assert.Equal(_fixture.Snapshot(40, "plain").Model, _fixture.Snapshot(40, "shuffled").Model);
        Assert.Equal(_fixture.Metrics("plain"), _fixture.Metrics("shuffled"));
    }

    [Fact]
    public async Task Layers_RunOnTheReplicasOneThread()
    {
        _fixture.AddHook("TRAIN");
        _fixture.AddHook("TEST");
        var seen = new ConcurrentDictionary<(int Thread, string Dispatcher), bool>();
        await _fixture.RunAsync(_fixture.Hooked(_ => seen.TryAdd(
            (Environment.CurrentManagedThreadId, InternalCurrentActorCellKeeper.Current!.Dispatcher.Id), true)));
        Assert.Equal(Dispatchers.Replica(0), Assert.Single(seen.Keys).Dispatcher);
    }

    [Fact]
    public async Task StopInATest_IsObeyedAndTheResumedRunEqualsTheUncutOne()
    {
        _fixture.AddHook("TEST");
        await _fixture.RunAsync(_fixture.Hooked(static _ => { }, "uncut"));

        // Three batches of the test at 0, three of that at 10: the second of them is the last one.
        ExtendedActorSystem? system = null;
        RunOutcome stopped = await _fixture.RunInAsync(_fixture.Hooked(
            pass =>
            {
                if (pass == 4)
                    system!.Provider.ResolveActorRef($"akka://{system.Name}/user/run/solver").Tell(RunRequest.Stop);
            },
            "cut"), "", started => system = started);
        Assert.Equal(new RunOutcome(RunEnd.Stopped, 10), stopped);
        Assert.Contains("Test interrupted.", _fixture.Log.ToString(), StringComparison.Ordinal);
        await _fixture.RunAsync(_fixture.Hooked(static _ => { }, "cut") with { Resume = ResumeMode.Must });

        Assert.Equal(_fixture.Snapshot(40, "uncut").Model, _fixture.Snapshot(40, "cut").Model);
        Assert.Equal(_fixture.Metrics("uncut"), _fixture.Metrics("cut"));
    }
}
