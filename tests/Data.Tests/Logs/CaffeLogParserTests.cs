using CaffeActors.Data.Logs;

namespace CaffeActors.Data.Tests.Logs;

public sealed class CaffeLogParserTests
{
    private const string Solving = "I0210 13:39:20.000000 2510 solver.cpp:289] Solving LeNet";

    [Fact]
    public void Parse_TakesBothFormsOfDate()
    {
        LogRow classic = Parse(Solving,
            "I0210 13:39:22.381027 2510 solver.cpp:239] Iteration 100 (39 iter/s, 2.5s/100 iters), loss = 0.5",
            "I0210 13:39:22.500000 2510 solver.cpp:258]     Train net output #0: loss = 0.5 (* 1 = 0.5 loss)",
            "I0210 13:39:23.500000 2510 solver.cpp:239] Iteration 200, loss = 0.4",
            "I0210 13:39:23.500000 2510 solver.cpp:258]     Train net output #0: loss = 0.4").Train.Rows[0];
        LogRow dated = Parse(Solving.Replace("I0210", "I20240210", StringComparison.Ordinal),
            "I20240210 13:39:22.381027 2510 solver.cpp:239] Iteration 100, loss = 0.5",
            "I20240210 13:39:22.500000 2510 solver.cpp:258]     Train net output #0: loss = 0.5",
            "I20240210 13:39:23.500000 2510 solver.cpp:239] Iteration 200, loss = 0.4",
            "I20240210 13:39:23.500000 2510 solver.cpp:258]     Train net output #0: loss = 0.4").Train.Rows[0];
        Assert.Equal((100, 2.5), (classic.Iteration, classic.Seconds));
        Assert.Equal((100, 2.5), (dated.Iteration, dated.Seconds));
    }

    [Theory]
    [InlineData("I1231", "I0101")]
    [InlineData("I20231231", "I20240101")]
    public void Parse_GoesOnOverNewYear(string before, string after)
    {
        CaffeLog log = Parse($"{before} 23:59:50.000000 1 solver.cpp:289] Solving LeNet",
            Train(before, "23:59:55.000000", 0), Train(after, "00:00:05.000000", 100),
            Train(after, "00:01:05.000000", 200));
        Assert.Equal([5, 15, 75], log.Train.Rows.Select(row => row.Seconds));
    }

    [Fact]
    public void Parse_GivesTheFirstRowTheRateOfTheNext()
    {
        CaffeLog log = Parse(Solving, Train("I0210", "13:39:21.000000", 0), Rate(0, "0.01"),
            Train("I0210", "13:39:22.000000", 100), Rate(100, "9.5e-05"), Train("I0210", "13:39:23.000000", 200));
        Assert.Equal([0.01, 0.01, 9.5e-05], log.Train.Rows.Select(row => row.LearningRate));
    }

    [Fact]
    public void Parse_OfOneRow_HasNoneYet()
    {
        Assert.Empty(Parse(Solving, Train("I0210", "13:39:21.000000", 0)).Train.Rows);
        LogRow only = Assert.Single(Parse(Solving, Line("Iteration 0, loss = 1"),
            Line("    Train net output #0: loss = 1"),
            Line("    Train net output #1: aux = 1"), Line("Iteration 9, lr = 0.01"),
            Line("    Train net output #0: loss = 1")).Train.Rows);
        Assert.Equal(double.NaN, only.LearningRate);
    }

    [Fact]
    public void Parse_JoinsTheOutputsOfAllTestNets()
    {
        CaffeLog log = Parse(Solving,
            Line("Iteration 0, Testing net (#0)"), Line("    Test net output #0: accuracy = 0.1"),
            Line("Iteration 0, Testing net (#1)"), Line("    Test net output #0: top5 = 0.3"),
            Line("Iteration 500, Testing net (#0)"), Line("    Test net output #0: accuracy = 0.8"),
            Line("Iteration 500, Testing net (#1)"), Line("    Test net output #0: top5 = 0.9"));
        Assert.Equal(["accuracy", "top5"], log.Test.Outputs);
        Assert.Equal([0.8, 0.9], log.Test.Rows[1].Outputs.Select(output => output.Value));
    }

    [Theory]
    [InlineData("nan")]
    [InlineData("inf")]
    [InlineData("-nan")]
    [InlineData("1.2.3")]
    public void Parse_PassesOverWhatIsNoPlainNumber(string value)
    {
        CaffeLog log = Parse(Solving, Line("Iteration 0, loss = 1"), Line("    Train net output #0: loss = 1"),
            Line("    Train net output #1: aux = 2"), Line("Iteration 100, loss = 1"),
            Line("    Train net output #0: loss = 3"), Line($"    Train net output #1: aux = {value}"),
            Line("Iteration 200, loss = 1"), Line("    Train net output #0: loss = 5"),
            Line("    Train net output #1: aux = 6"));
        Assert.Equal([["loss", "aux"], ["loss"], ["loss", "aux"]],
            log.Train.Rows.Select(row => row.Outputs.Select(output => output.Key)));
    }

    [Fact]
    public void Parse_PassesOverLinesWithoutATimeAndBeforeTheFirstIteration()
    {
        CaffeLog log = Parse("Solving nothing yet", Solving, Line("    Train net output #0: loss = 1"), "",
            Line("Iteration 0, loss = 1"), "Train net output #0: loss = 9",
            "I0231 13:39:22.381027 1 x] Train net output #0: loss = 9",
            Line("    Train net output #0: loss = 1"),
            Line("Iteration 100, loss = 1"), Line("    Train net output #0: loss = 2"));
        Assert.Equal([1, 2], log.Train.Rows.Select(row => row.Outputs[0].Value));
    }

    [Fact]
    public void Parse_WithoutSolving_HasNoRows()
    {
        CaffeLog log = Parse(Train("I0210", "13:39:21.000000", 0), Train("I0210", "13:39:22.000000", 100));
        Assert.Empty(log.Train.Rows);
        Assert.Empty(log.Train.Outputs);
    }

    private static CaffeLog Parse(params string[] lines) =>
        CaffeLogParser.Parse(new StringReader(string.Join('\n', lines)), 2024);

    private static string Line(string text) => $"I0210 13:39:22.381027 2510 solver.cpp:239] {text}";

    private static string Rate(int iteration, string rate) => Line($"Iteration {iteration}, lr = {rate}");

    private static string Train(string date, string time, int iteration) =>
        $"{date} {time} 1 solver.cpp:239] Iteration {iteration}, loss = 1\n"
        + $"{date} {time} 1 solver.cpp:258]     Train net output #0: loss = 1";
}
