using CaffeActors.Data.Logs;
using CaffeActors.Data.Metrics;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Logs;

public sealed class LoggedRunReaderTests
{
    private const string Start = "I0102 03:04:05.000000 7 solver.cpp:1] Solving LeNet\n";

    [Fact]
    public void CaffesOwnLog_GivesAllItTells()
    {
        using var log = new StreamReader(
            Repository.PathOf("tests", "Data.Tests", "Logs", "Fixtures", "lenet_fashion.log"));
        LoggedRun run = LoggedRunReader.Read(log, 2000)!;
        Assert.Equal(("LeNet", true, 1000L), (run.NetName, run.Finished, run.LastIteration));
        LoggedSegment segment = Assert.Single(run.Segments);
        Assert.Equal(
            ["test0 accuracy 3", "test0 loss 3", "train loss 11", "train lr 10", "train output/loss 10"],
            segment.Rows.CountBy(row => $"{row.Split} {row.Name}").Select(pair => $"{pair.Key} {pair.Value}").Order());
        MetricRow accuracy = segment.Rows.Last(row => row.Name == "accuracy");
        Assert.Equal((1000L, 0.864), (accuracy.Step, accuracy.Value));
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 21, 22, 52, 964, 907, TimeSpan.Zero), accuracy.WallTime);
    }

    [Fact]
    public void TestNets_AreToldApart() => Assert.Equal(
        ["test0 accuracy 10 0.5", "test1 accuracy 10 0.75", "test1 total_loss 10 2"], Rows("""
        I0102 03:04:06.000000 7 solver.cpp:1] Iteration 10, Testing net (#0)
        I0102 03:04:06.000000 7 solver.cpp:1]     Test net output #0: accuracy = 0.5
        I0102 03:04:06.000000 7 solver.cpp:1] Iteration 10, Testing net (#1)
        I0102 03:04:06.000000 7 solver.cpp:1]     Test net output #0: accuracy = 0.75
        I0102 03:04:06.000000 7 solver.cpp:1] Test loss: 2
        """));

    [Fact]
    public void Values_ThatAreNoNumber_AreKept() => Assert.Equal(
        ["train loss 10 NaN", "train output/loss 10 NaN", "train norm 10 -Infinity", "train lr 10 1E-05"], Rows("""
        I0102 03:04:06.000000 7 solver.cpp:1] Iteration 10 (5 iter/s, 2s/10 iters), loss = -nan
        I0102 03:04:06.000000 7 solver.cpp:1]     Train net output #0: loss = nan (* 1 = nan loss)
        I0102 03:04:06.000000 7 solver.cpp:1]     Train net output #1: norm = -inf
        I0102 03:04:06.000000 7 solver.cpp:1] Iteration 10, lr = 1e-05
        """));

    [Fact]
    public void Elements_OfOneOutput_AreNumbered() => Assert.Equal(["test0 p[0] 0 1", "test0 p[1] 0 2", "test0 q 0 3"],
        Rows("""
        I0102 03:04:06.000000 7 solver.cpp:1] Iteration 0, Testing net (#0)
        I0102 03:04:06.000000 7 solver.cpp:1]     Test net output #0: p = 1
        I0102 03:04:06.000000 7 solver.cpp:1]     Test net output #1: p = 2
        I0102 03:04:06.000000 7 solver.cpp:1]     Test net output #2: q = 3
        """));

    [Fact]
    public void Resumes_AreSegments()
    {
        LoggedRun run = Read(Start + """
            I0102 03:04:06.000000 7 solver.cpp:1] Iteration 10 (5 iter/s, 2s/10 iters), loss = 3
            I0103 03:04:05.000000 7 solver.cpp:1] Solving LeNet
            I0103 03:04:05.000000 7 solver.cpp:1] Restoring previous solver status from s_iter_8.solverstate
            I0103 03:04:06.000000 7 solver.cpp:1] Iteration 10 (5 iter/s, 2s/10 iters), loss = 2
            """)!;
        Assert.Equal([(0L, 2, 3.0), (8L, 3, 2.0)],
            run.Segments.Select(segment => (segment.Step, segment.Started.Day, segment.Rows.Single().Value)));
        Assert.Equal([0, 1], run.Segments.Select(segment => segment.Rows[0].Segment));
        Assert.False(run.Finished);
    }

    [Fact]
    public void Years_Step() => Assert.Equal(new DateTimeOffset(2001, 1, 1, 0, 0, 1, TimeSpan.Zero), Read("""
        I1231 23:59:59.000000 7 solver.cpp:1] Solving LeNet
        I0101 00:00:01.000000 7 solver.cpp:1] Iteration 10, lr = 1
        """)!.Segments[0].Rows[0].WallTime);

    [Theory]
    [InlineData("")]
    [InlineData("I0102 03:04:06.000000 7 solver.cpp:1] Iteration 10, lr = 1\n")]
    [InlineData("no log at all\n")]
    public void WithoutSolving_ThereIsNoRun(string text) => Assert.Null(Read(text));

    private static IEnumerable<string> Rows(string text) => Read(Start + text)!.Segments[0].Rows.Select(row =>
        FormattableString.Invariant($"{row.Split} {row.Name} {row.Step} {row.Value}"));

    private static LoggedRun? Read(string text)
    {
        using var log = new StringReader(text);
        return LoggedRunReader.Read(log, 2000);
    }
}
