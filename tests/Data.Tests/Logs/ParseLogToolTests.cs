using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Logs;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Logs;

public sealed class ParseLogToolTests : IDisposable
{
    private const string Train = """
        NumIters,Seconds,LearningRate,loss
        0.0,2.008298,0.01,2.51243
        100.0,4.565923,0.01,0.66615
        200.0,7.134223,0.00992565,0.370373
        300.0,9.709315,0.00985258,0.597648
        400.0,12.277565,0.00978075,0.503945
        500.0,16.790859,0.00971013,0.498125
        600.0,19.359835,0.00964069,0.345901
        700.0,21.912596,0.0095724,0.63024
        800.0,24.518997,0.00950522,0.480783
        900.0,27.122082,0.00943913,0.379794

        """;

    private const string Test = """
        NumIters,Seconds,LearningRate,accuracy,loss
        0.0,1.952231,0.00971013,0.1132,2.4393
        500.0,16.765365,0.00971013,0.8221,0.490588
        1000.0,31.633566,0.00937411,0.864,0.37904

        """;

    private readonly TemporaryFolder _folder = new();

    private static string Log =>
        Repository.PathOf("tests", "Data.Tests", "Logs", "Fixtures", "lenet_fashion.log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_OnCaffesLog_WritesTheTablesOfParseLog()
    {
        Assert.Equal([_folder.At("lenet_fashion.log.train"), _folder.At("lenet_fashion.log.test")],
            ParseLogTool.Run(Log, _folder.Path));
        Assert.Equal(AsWritten(Train), File.ReadAllText(_folder.At("lenet_fashion.log.train")));
        Assert.Equal(AsWritten(Test), File.ReadAllText(_folder.At("lenet_fashion.log.test")));
    }

    [Fact]
    public void Run_WithAnotherDelimiter_UsesIt()
    {
        ParseLogTool.Run(Log, _folder.Path, '\t');
        Assert.Equal(AsWritten(Test).Replace(',', '\t'), File.ReadAllText(_folder.At("lenet_fashion.log.test")));
    }

    [Fact]
    public void Run_OnALogWithoutOutputs_WritesNothing()
    {
        File.WriteAllText(_folder.At("a.log"), "I0210 13:39:20.000000 2510 solver.cpp:289] Solving LeNet\n");
        Assert.Empty(ParseLogTool.Run(_folder.At("a.log"), _folder.Path));
        Assert.Equal(["a.log"], _folder.Names());
    }

    [Fact]
    public void Run_OnNoLog_SaysSo()
    {
        var failure = Assert.Throws<CaffeException>(() => ParseLogTool.Run(_folder.At("none.log"), _folder.Path));
        Assert.Equal(ErrorCodes.SourceUnreadable, failure.Code);
        Assert.Contains(_folder.At("none.log"), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_IntoWhatIsNoFolder_SaysSo()
    {
        File.WriteAllText(_folder.At("file"), "");
        Assert.Equal(ErrorCodes.WriteFailed,
            Assert.Throws<CaffeException>(() => ParseLogTool.Run(Log, _folder.At("file"))).Code);
    }

    [Fact]
    public void Format_LeavesMissingOutputsEmptyAndQuotesWhatMustBe()
    {
        LogTable table = new([Row(0, ("a,b", 1), ("say \"x\"", 2)), Row(100, ("a,b", 3))]);
        Assert.Equal(
            "NumIters,Seconds,LearningRate,\"a,b\",\"say \"\"x\"\"\"\r\n0.0,0.5,nan,1.0,2.0\r\n100.0,0.5,nan,3.0,\r\n",
            ParseLogTool.Format(table));
    }

    [Fact]
    public void Format_OfAnOutputTheFirstRowHasNot_SaysWhich()
    {
        var failure = Assert.Throws<CaffeException>(() =>
            ParseLogTool.Format(new([Row(0, ("loss", 1)), Row(100, ("top5", 3))])));
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("iteration 100 has an output 'top5'", failure.Message, StringComparison.Ordinal);
    }

    private static LogRow Row(double iteration, params (string Name, double Value)[] outputs) =>
        new(iteration, 0.5, double.NaN, [.. outputs.Select(output => KeyValuePair.Create(output.Name, output.Value))]);

    private static string AsWritten(string table) =>
        table.ReplaceLineEndings("\r\n");
}
