using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Logs;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Logs;

public sealed class GnuplotTablesTests : IDisposable
{
    // What the fields of the log's lines give, cut out by their numbers and aligned by column -t.
    private const string Train = """
        #Iters Seconds TrainingLoss LearningRate
        0     2.008202   2.51243   0.01
        100   4.565807   0.66615   0.00992565
        200   7.134110   0.370373  0.00985258
        300   9.709196   0.597648  0.00978075
        400   12.277413  0.503945  0.00971013
        500   16.790783  0.498125  0.00964069
        600   19.359726  0.345901  0.0095724
        700   21.912436  0.63024   0.00950522
        800   24.518881  0.480783  0.00943913
        900   27.121905  0.379794  0.00937411
        1000  29.703112  0.317961

        """;

    private const string Test = """
        #Iters Seconds TestAccuracy TestLoss
        0     0.005016   0.1132  2.4393
        500   14.812627  0.8221  0.490588
        1000  29.703169  0.864   0.37904

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CaffesLog_GivesTheScriptsTables()
    {
        string log = Repository.PathOf("tests", "Data.Tests", "Logs", "Fixtures", "lenet_fashion.log");
        Assert.Equal(
            [_folder.At("tables", "lenet_fashion.log.train"), _folder.At("tables", "lenet_fashion.log.test")],
            ParseLogTool.RunForGnuplot(log, _folder.At("tables")));
        Assert.Equal(Train.ReplaceLineEndings("\n"),
            File.ReadAllText(_folder.At("tables", "lenet_fashion.log.train")));
        Assert.Equal(Test.ReplaceLineEndings("\n"),
            File.ReadAllText(_folder.At("tables", "lenet_fashion.log.test")));
    }

    [Fact]
    public void LongerLinesNamesAndYears_DoNoHarm()
    {
        GnuplotTables tables = Parse("""
            I1231 23:59:59.500000 7 solver.cpp:1] Solving a net
            I1231 23:59:59.750000 7 solver.cpp:1] Iteration 0, Testing net (#0)
            I1231 23:59:59.800000 7 solver.cpp:1]     Test net output #0: top-1 = nan
            I1231 23:59:59.800000 7 solver.cpp:1]     Test net output #12: other = 3
            I0101 00:00:00.500000 7 solver.cpp:1] Iteration 10 (5 iter/s, 2s/10 iter), 0.1/2ep, loss = 1.5 (extra)
            I0101 00:00:00.500000 7 solver.cpp:1] Iteration 10, lr = 0.5, m = 0.9
            """);
        Assert.Equal("#Iters Seconds TrainingLoss LearningRate\n10  1.000000  1.5  0.5\n", tables.Train);
        Assert.Equal("#Iters Seconds TestAccuracy TestLoss\n0  0.250000  nan\n", tables.Test);
    }

    [Fact]
    public void LogWithoutATraining_HasHeadsOnly()
    {
        GnuplotTables tables = Parse("I1231 23:59:59.500000 7 solver.cpp:1] Iteration 0, loss = 3");
        Assert.Equal("#Iters Seconds TrainingLoss LearningRate\n", tables.Train);
        Assert.Equal("#Iters Seconds TestAccuracy TestLoss\n", tables.Test);
    }

    [Fact]
    public void MissingLog_IsTold() => Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(
        () => ParseLogTool.RunForGnuplot(_folder.At("none.log"), _folder.Path)).Code);

    private static GnuplotTables Parse(string log)
    {
        using var reader = new StringReader(log);
        return GnuplotTables.Parse(reader, 2025);
    }
}
