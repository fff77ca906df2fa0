using System.Text;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>What goes wrong in a user's files is one line with file, line, column and code, and the right exit
/// code.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private async Task AssertRefused(int code, string says, string solver, params string[] more)
    {
        Assert.Equal(code, await _cli.TrainAsync(solver, more));
        string[] errors = [.. _cli.Error.Split('\n')
            .Where(line => line.Contains("error CFA", StringComparison.Ordinal))];
        Assert.Matches(says, Assert.Single(errors));
        Assert.DoesNotContain("   at ", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public Task MissingSolver() => AssertRefused(2, "CFA1005.*nowhere", _cli.At("nowhere.prototxt"));

    [Theory]
    [InlineData("nowhere.prototxt", "there is no file 'nowhere.prototxt'")]
    [InlineData("", "the name of a file is empty")]
    public Task MissingNet(string net, string says) =>
        AssertRefused(2, $@"solver\.prototxt\(2,\d+\): error CFA1005: {says}",
            _cli.Write("solver.prototxt", $"max_iter: 1\nnet: '{net}' base_lr: 1 lr_policy: 'fixed'"));

    [Fact]
    public Task UnknownField() =>
        AssertRefused(2, @"solver\.prototxt\(1,1\): error CFA1102: .*base_lr",
            _cli.Write("solver.prototxt", "bas_lr: 1"));

    [Fact]
    public Task UnknownLayerType()
    {
        string solver = _cli.Solver(_cli.Database());
        _cli.Write("net.prototxt", "layer {\n  name: \"a\" type: \"Inputt\" top: \"x\"\n}");
        return AssertRefused(2, @"net\.prototxt\(1,\d+\): error CFA1201: .*did you mean 'Input'", solver);
    }

    [Fact]
    public Task UnknownBottom()
    {
        string solver = _cli.Solver(_cli.Database());
        _cli.Write("net.prototxt", "\nlayer { name: \"a\" type: \"ReLU\" bottom: \"x\" top: \"y\" }");
        return AssertRefused(2, @"net\.prototxt\(2,\d+\): error CFA1205: .*'x'", solver);
    }

    [Fact]
    public Task ShapeMismatch()
    {
        string solver = _cli.Solver(_cli.Database());
        File.AppendAllText(_cli.At("net.prototxt"), """

            layer { name: "bad" type: "Eltwise" bottom: "ip" bottom: "data" top: "bad" }
            """);
        return AssertRefused(2, @"net\.prototxt\(\d+,\d+\): error CFA1203: .*'bad'", solver);
    }

    [Fact]
    public Task MissingDatabase() => AssertRefused(5, "CFA1501.*no_db", _cli.Solver(_cli.At("no_db")));

    [Fact]
    public Task CorruptDatabase()
    {
        string database = _cli.Database();
        File.WriteAllBytes(Path.Combine(database, "data.mdb"), Encoding.UTF8.GetBytes("no database at all"));
        return AssertRefused(5, "CFA1501", _cli.Solver(database));
    }

    [Fact]
    public Task LabelWithoutAClass() =>
        AssertRefused(5, "CFA1503: .*'loss'.*record '0000", _cli.Solver(_cli.Database(classes: 5)));

    [Fact]
    public Task Divergence() =>
        AssertRefused(6, "CFA1601: .*(ip|loss)", _cli.Solver(_cli.Database(), "max_iter: 50 base_lr: 3e38"));

    [Fact]
    public Task WeightsThatAreNone()
    {
        string weights = _cli.Write("w.caffemodel", "these are no weights, but some text of a certain length");
        return AssertRefused(5, "CFA1402.*w.caffemodel", _cli.Solver(_cli.Database()), "--weights", weights);
    }

    [Fact]
    public Task GpuThatIsNotThere() => AssertRefused(7, "CFA1701", _cli.Solver(_cli.Database()), "--gpu", "99");

    [Theory]
    [InlineData(7, "CFA1701: there is no GPU 99", "--device", "cpu:0,gpu:99")]
    [InlineData(2, "CFA1000: --device names devices as cpu:0 or gpu:1, not 'tpu:0'", "--device=tpu:0")]
    [InlineData(2, "CFA1000: --device names cpu:1 twice", "--device=cpu:1,cpu:1")]
    [InlineData(2, "CFA1000: --gpu is ids of GPUs", "--gpu=x")]
    [InlineData(2, "CFA1000: give --device or --gpu", "--device=cpu:0", "--gpu=0")]
    public Task DevicesThatCannotBe(int code, string says, params string[] flags) =>
        AssertRefused(code, says, _cli.Solver(_cli.Database()), flags);

    [Fact]
    public async Task SeveralDevices_TrainTogether()
    {
        string solver = _cli.Solver(_cli.Database());
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(solver, "--device", "cpu:0,cpu:1", "--threads", "2"));
        Assert.Contains("Devices: cpu:0 (1 thread), cpu:1 (1 thread)", _cli.Error, StringComparison.Ordinal);
        Assert.Matches(@"Effective batch: 2 x \d+ = \d+ images", _cli.Error);
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(solver, "--device", "cpu:0,cpu:1", "--dry-run"));
        Assert.Contains("2 replica(s) on cpu:0, cpu:1; effective batch 2 x", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public Task NothingToResume() => AssertRefused(4, "CFA1403", _cli.Solver(_cli.Database()), "--resume", "must");

    [Fact]
    public async Task TimeBudget_StopsResumably()
    {
        string solver = _cli.Solver(_cli.Database(), "max_iter: 100000000 base_lr: 0.001");
        Assert.Equal(ExitCodes.StoppedResumable, await _cli.TrainAsync(solver, "--time-budget", "1s"));
        Assert.Single(Directory.GetFiles(_cli.At(), "snap_iter_*.resume"));
    }

    [Fact]
    public async Task FinishedRun_IsFinishedForAuto()
    {
        string solver = _cli.Solver(_cli.Database());
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(solver));
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(solver, "--resume", "auto"));
        Assert.Single(Directory.GetDirectories(_cli.At("runs"), "run_id=*"));
        Assert.Equal($"run_id=", File.ReadAllText(_cli.At("runs", "latest"))[..7]);
    }

    [Fact]
    public async Task Verbose_ShowsWhereAnErrorArose()
    {
        Assert.Equal(2, await _cli.TrainAsync(_cli.At("nowhere.prototxt"), "--verbose"));
        Assert.Contains("   at ", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRun_PrintsTheNetAndWritesNothing()
    {
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.Solver(_cli.Database()), "--dry-run"));
        Assert.Contains("InnerProduct", _cli.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_cli.At("runs")));
    }

    [Fact]
    public async Task Configuration_TrainsLeNetOnTheEmbeddedImages()
    {
        int code = await _cli.RunAsync(
            "train", Repository.PathOf("configs", "lenet.hocon"), "--max-iter", "2",
            "--set", $"data.root={_cli.At("data")}", "--set", "solver.test_iter=[1]", "--output-root", _cli.At("runs"));
        Assert.True(code == ExitCodes.Done, _cli.Error);
        Assert.Contains("Data set: Fashion-MNIST", _cli.Error, StringComparison.Ordinal);
        string run = Directory.GetDirectories(_cli.At("runs"), "run_id=*").Single();
        foreach (string file in (
            string[])["manifest.json", "config.resolved.hocon", "net.prototxt", "solver.prototxt", "train.log"])
            Assert.True(File.Exists(Path.Combine(run, file)), file);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(run, "snapshots"), "lenet_iter_2.*").Length);
    }
}
