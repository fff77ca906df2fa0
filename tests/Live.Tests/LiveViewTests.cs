using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Live.Tests;

/// <summary>A run looked at over HTTP: the figures are those of its files, and nobody who looks holds it up.</summary>
public sealed class LiveViewTests : IDisposable
{
    private readonly LiveFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    // The curves of an answer, by split and name.
    private static Dictionary<string, (long Step, double Value)[]> CurvesOf(JsonElement state) =>
        state.GetProperty("curves").EnumerateArray().ToDictionary(
            curve => $"{curve.GetProperty("split").GetString()}/{curve.GetProperty("name").GetString()}",
            curve => curve.GetProperty("steps").EnumerateArray().Select(step => step.GetInt64())
                .Zip(curve.GetProperty("values").EnumerateArray().Select(value => value.GetDouble())).ToArray());

    private static void AssertSame(JsonElement state, IReadOnlyList<MetricRow> rows)
    {
        Dictionary<string, (long Step, double Value)[]> curves = CurvesOf(state);
        IGrouping<string, MetricRow>[] metrics =
        [
            .. rows.Where(row => row.Split != MetricNames.Layer && row.Name != MetricNames.SegmentStart)
                .GroupBy(row => $"{row.Split}/{row.Name}"),
        ];
        Assert.Contains(metrics, metric => metric.Key == "train/loss");
        Assert.Contains(metrics, metric => metric.Key == "test0/accuracy");
        Assert.Contains(metrics, metric => metric.Key == "system/data_wait_ms/data");
        foreach (IGrouping<string, MetricRow> metric in metrics)
            Assert.Equal(metric.Select(row => (row.Step, row.Value)), curves[metric.Key]);
    }

    private static string[] EventsOf(JsonElement state, string kind) =>
        [.. state.GetProperty("events").EnumerateArray()
            .Where(what => what.GetProperty("kind").GetString() == kind)
            .Select(what => what.GetProperty("text").GetString()!)];

    [Fact]
    public async Task State_HasTheFiguresOfTheMetricsFiles()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        Assert.Equal("starting", (await _fixture.StateAsync(view)).GetProperty("state").GetString());
        Assert.Equal(new RunOutcome(RunEnd.Finished, 60), await _fixture.RunAsync(_fixture.Plan(60), view));
        JsonElement state = await _fixture.StateAsync(view);
        Assert.Equal("finished", state.GetProperty("state").GetString());
        IReadOnlyList<MetricRow> rows = _fixture.Rows();
        AssertSame(state, rows);
        Dictionary<string, double> layers = rows.Where(row => row.Split == MetricNames.Layer)
            .GroupBy(row => row.Name).ToDictionary(layer => layer.Key, layer => layer.Last().Value);
        Assert.Equal(["data", "conv", "pool", "ip", "loss"], state.GetProperty("layers").EnumerateArray()
            .Select(layer => layer.GetProperty("layer").GetString()!));
        foreach (JsonElement layer in state.GetProperty("layers").EnumerateArray())
        {
            string name = layer.GetProperty("layer").GetString()!;
            Assert.Equal(layers[$"forward_ms/{name}"], layer.GetProperty("forward").GetDouble());
            Assert.Equal(
                layers.GetValueOrDefault($"backward_ms/{name}"), layer.GetProperty("backward").GetDouble());
        }

        Assert.Equal("small", state.GetProperty("run").GetProperty("net").GetString());
        Assert.Equal(60, state.GetProperty("progress").GetProperty("iteration").GetInt32());
        Assert.Equal(
            ["Snapshot of iteration 30 written", "Snapshot of iteration 60 written"], EventsOf(state, "snapshot"));
        Assert.Equal(["Training begins", "Optimization Done."], EventsOf(state, "run"));
        Assert.Equal(4, EventsOf(state, "test").Length);
    }

    [Fact]
    public async Task RunThatGoesOn_IsSeenWithWhatItMeasuredBefore()
    {
        await using (LiveView first = (await _fixture.ViewAsync())!)
            await _fixture.RunAsync(_fixture.Plan(30), first);
        await using LiveView view = (await _fixture.ViewAsync())!;
        RunPlan plan = _fixture.Plan(60, new PlanOptions { Resume = ResumeMode.Must });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 60), await _fixture.RunAsync(plan, view));
        JsonElement state = await _fixture.StateAsync(view);
        Assert.Equal(1, state.GetProperty("run").GetProperty("segment").GetInt32());
        AssertSame(state, _fixture.Rows());
    }

    [Fact]
    public async Task RunUnderWay_IsSeenWithItsActors_UntilItIsStopped()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        TrainingHost host = _fixture.Host(_fixture.Plan(int.MaxValue), view);
        Task<RunOutcome> run = host.RunAsync(static _ => 0);
        JsonElement state;
        do
            state = await _fixture.StateAsync(view);
        while (state.GetProperty("progress").ValueKind == JsonValueKind.Null && !run.IsCompleted);
        Assert.Equal("running", state.GetProperty("state").GetString());
        string[] actors = [.. state.GetProperty("actors").EnumerateArray()
            .Select(actor => actor.GetProperty("name").GetString()!)];
        Assert.Equal(
            ["solver", "device cpu:0", "snapshot writer", "metrics writer", "replica on cpu:0", "5 layers",
                "data layer data", "prefetcher of data", "8 layers of test net 0", "data layer data of test net 0",
                "prefetcher of data of test net 0"],
            actors);
        JsonElement data = state.GetProperty("actors").EnumerateArray()
            .First(actor => actor.GetProperty("name").GetString() == "data layer data");
        Assert.Matches("^[0-5] of 5 buffers full$", data.GetProperty("note").GetString());
        host.Request(RunRequest.Stop);
        RunOutcome outcome = await run.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal(RunEnd.Stopped, outcome.End);
        await view.EndAsync(outcome);
        state = await _fixture.StateAsync(view);
        Assert.Equal("stopped", state.GetProperty("state").GetString());
        Assert.True(state.GetProperty("isOver").GetBoolean());
        Assert.Contains("Optimization stopped early.", EventsOf(state, "run"));
    }

    [Fact]
    public async Task AskingWithWhatIsSeen_GivesTheRestAlone()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        await _fixture.RunAsync(_fixture.Plan(40), view);
        JsonElement state = await _fixture.StateAsync(view);
        long points = state.GetProperty("newest").GetInt64(), events = state.GetProperty("newestEvent").GetInt64();
        JsonElement rest = await _fixture.StateAsync(view, points, events);
        Assert.Empty(rest.GetProperty("curves").EnumerateArray());
        Assert.Empty(rest.GetProperty("events").EnumerateArray());
        rest = await _fixture.StateAsync(view, points - 1, events - 1);
        Assert.Single(rest.GetProperty("curves").EnumerateArray());
        Assert.Single(rest.GetProperty("events").EnumerateArray());
        // Who has seen more than there is has seen another run.
        rest = await _fixture.StateAsync(view, points + 1, events);
        Assert.Equal(CurvesOf(state).Keys, CurvesOf(rest).Keys);
    }

    [Fact]
    public async Task ClientsThatNeverRead_HoldNobodyUp()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        List<TcpClient> clients = [];
        // As many as the server takes: each asks for more than a socket's buffers hold, and reads none of it.
        byte[] requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(
            $"GET /live.js HTTP/1.1\r\nHost: localhost:{view.Address!.Port}\r\n\r\n", 500)));
        for (int i = 0; i < 64; i++)
        {
            clients.Add(new TcpClient { ReceiveBufferSize = 1024 });
            await clients[i].ConnectAsync(IPAddress.Loopback, view.Address.Port, TestContext.Current.CancellationToken);
            await clients[i].GetStream().WriteAsync(requests, TestContext.Current.CancellationToken);
        }

        Assert.Equal(new RunOutcome(RunEnd.Finished, 60), await _fixture.RunAsync(_fixture.Plan(60), view));
        await view.DisposeAsync().AsTask()
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task WarningsOfTheLog_AreEvents()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        // A batch of one class after a rate that is far too high: the loss is no number soon.
        RunPlan plan = _fixture.Plan(60);
        plan.Solver.BaseLr = 1e6f;
        RunOutcome outcome = await _fixture.RunAsync(plan, view);
        Assert.NotNull(outcome.Failure);
        JsonElement state = await _fixture.StateAsync(view);
        Assert.Equal("failed", state.GetProperty("state").GetString());
        Assert.Contains(outcome.Failure.Message, EventsOf(state, "error"));
    }

    [Fact]
    public async Task PortInUse_IsRefusedBeforeTheRun()
    {
        await using LiveView first = (await _fixture.ViewAsync())!;
        var same = new DashboardSettings { Enabled = true, Port = first.Address!.Port };
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.ViewAsync(same));
        Assert.Equal((ErrorCodes.CannotListen, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains($"127.0.0.1:{same.Port}: it is in use", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoPortNamed_TakesTheNextFreeOne()
    {
        var any = new DashboardSettings { Enabled = true };
        await using LiveView first = (await _fixture.ViewAsync(any))!;
        await using LiveView second = (await _fixture.ViewAsync(any))!;
        Assert.True(second.Address!.Port > first.Address!.Port);
        Assert.Equal("starting", (await _fixture.StateAsync(second)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task AddressOfAnotherMachine_IsRefused()
    {
        // Of the block that is set aside for documentation.
        var elsewhere = new DashboardSettings { Enabled = true, Address = "192.0.2.1" };
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.ViewAsync(elsewhere));
        Assert.Equal(ErrorCodes.CannotListen, failure.Code);
    }

    [Fact]
    public async Task NobodyIsToLook_ThereIsNoView() =>
        Assert.Null(await _fixture.ViewAsync(new DashboardSettings()));
}
