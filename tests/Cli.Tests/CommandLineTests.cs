namespace CaffeActors.Cli.Tests;

/// <summary>Words, flags, help and usage errors.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    public static TheoryData<string> Verbs() => [.. CommandLine.Verbs.Select(entry => entry.Verb.Path)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_DescribesTheCommandWithAnExample(string verb)
    {
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync([.. verb.Split(' '), "--help"]));
        Assert.Contains($"Example:\n  caffeactors {verb}", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("Usage:", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RootHelp_ListsTheCommands()
    {
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync("--help"));
        foreach ((VerbAttribute verb, _) in CommandLine.Verbs)
            Assert.Contains($"\n  {verb.Path} ", _cli.Out, StringComparison.Ordinal);
        foreach ((int code, string meaning) in ExitCodes.Meanings)
            Assert.Contains($"{code}  {meaning}\n", _cli.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'caffeactors' has no command 'trian'; did you mean 'train'?", "trian", "x")]
    [InlineData("'caffeactors db' has no command 'sat'; did you mean 'stat'?", "db", "sat")]
    [InlineData("'caffeactors db' needs a command: copy, get, stat, verify", "db")]
    [InlineData("'caffeactors' has no command 'summary'; did you mean 'net summary'?", "summary", "x")]
    [InlineData("'caffeactors' has no command 'zzz'; it has ", "zzz")]
    [InlineData("'caffeactors' needs a command: ")]
    [InlineData("'caffeactors train' has no flag '--max-iters'; did you mean '--max-iter'?", "train", "--max-iters=5")]
    [InlineData("'caffeactors train' has no flag '--solvr'; did you mean '--solver'?", "train", "-solvr", "x")]
    [InlineData("'caffeactors train' takes 1 argument(s); 'b' is one too many", "train", "a", "b")]
    [InlineData("'caffeactors db stat' has no flag '--verbos'; did you mean '--verbose'?", "db", "stat", "--verbos")]
    [InlineData("--iterations takes an integer, not 'many'", "time", "--model", "x", "--iterations", "many")]
    [InlineData("NUM_BATCHES takes an integer, not 'all'", "extract_features", "w", "m", "b", "d", "all", "lmdb")]
    [InlineData("LOG is given, but empty", "parse_log", "", "tables")]
    [InlineData("OUTPUT_FILE is given, but empty", "compute_image_mean", "db", "")]
    [InlineData("DB_NAME is given, but empty", "convert", "imageset", "", "list", "")]
    [InlineData("--model is given, but empty", "time", "--model", "")]
    [InlineData("CONFIG is given, but empty", "train", "")]
    public async Task WordsNobodyKnows_AreToldInOneLineWithTheNearest(string says, params string[] args)
    {
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync(args));
        Assert.StartsWith($"error CFA1000: {says}", _cli.Error, StringComparison.Ordinal);
        Assert.Matches(@"\nTry 'caffeactors.* --help'\.\n$", _cli.Error);
        Assert.Equal(2, _cli.Error.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("trian")]
    [InlineData("train")]
    [InlineData("train", "a.prototxt", "--solver=b.prototxt")]
    [InlineData("test", "--model=x")]
    [InlineData("time", "--model", "x", "--iterations", "0")]
    [InlineData("time", "--model", "x", "--phase", "DEPLOY")]
    [InlineData("train", "a.prototxt", "--resume", "perhaps")]
    [InlineData("train", "a.prototxt", "--time-budget", "soon")]
    [InlineData("train", "a.prototxt", "--weights=a", "--snapshot=b")]
    [InlineData("train", "a.prototxt", "--time-budget", "999999999999d")]
    [InlineData("train", "a.prototxt", "--threads", "-1")]
    [InlineData("train", "--solver=")]
    [InlineData("time", "--model", "a.prototxt", "--threads", "100000")]
    [InlineData("convert", "imageset", "--resize_height=99999", "--resize_width=99999", "", "a.prototxt", "db")]
    [InlineData("train", "a.prototxt", "--no-such-flag")]
    public async Task UsageErrors_ExitWith2AndOneClearLine(params string[] args)
    {
        await File.WriteAllTextAsync(_cli.At("a.prototxt"), "", TestContext.Current.CancellationToken);
        args = [.. args.Select(arg => arg == "a.prototxt" ? _cli.At(arg) : arg)];
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync(args));
        Assert.Contains("error CFA", _cli.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-solver=x", "--solver=x")]
    [InlineData("-gpu", "--gpu")]
    [InlineData("--gpu=0,1", "--gpu=0,1")]
    [InlineData("-1", "-1")]
    public void Gflags_AreTakenByCaffesCommands(string flag, string normal)
    {
        Assert.Equal(["train", normal], Gflags.Normalize(["train", flag]));
        Assert.Equal(["db", flag], Gflags.Normalize(["db", flag]));
    }

    [Theory]
    [InlineData("-noshuffle", "--shuffle=false")]
    [InlineData("-gray=1", "--gray=true")]
    [InlineData("-gray=no", "--gray=false")]
    [InlineData("-gray=maybe", "--gray=maybe")]
    [InlineData("-nobackend", "--nobackend")]
    [InlineData("-backend=1", "--backend=1")]
    public void GflagsSwitches_AreTaken(string flag, string normal)
    {
        string[] args = Gflags.Normalize(["convert", "imageset", flag, "a", "b", "c"]);
        var terminal = new Terminal(TextWriter.Null, TextWriter.Null, IsInteractive: false, static _ => null);
        Assert.Equal(
            ["convert", "imageset", normal, "a", "b", "c"], Gflags.Switches(args, CommandLine.Build(terminal)));
    }

    [Fact]
    public async Task PlacesThatCannotBeWritten_AreDataErrors()
    {
        string net = _cli.Write("net.prototxt", "layer { name: 'a' type: 'DummyData' top: 'a' dummy_data_param { "
            + "shape { dim: 2 } } }");
        Assert.Equal(ExitCodes.Data, await _cli.RunAsync(
            "time", "--model", net, "--iterations", "1", "--trace", _cli.At()));
        Assert.Contains("error CFA1404: cannot write", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Data, await _cli.RunAsync("time", "--model", net, "--log_dir", net));
        Assert.Contains("error CFA1404: --log_dir", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("time", "--model", _cli.At()));
        Assert.Contains("is a folder, not a file", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GflagsAndGlogFlags_Train()
    {
        string solver = _cli.Solver(_cli.Database());
        int code = await _cli.RunAsync(
            "train", $"-solver={solver}", "-output-root", _cli.At("runs"), "-sigint_effect=none", "-logtostderr=1",
            "-minloglevel=0");
        Assert.Equal(ExitCodes.Done, code);
        Assert.Contains("Optimization Done.", _cli.Error, StringComparison.Ordinal);
        Assert.Equal("", _cli.Out);
        Assert.DoesNotContain('\r', _cli.Error);
        Assert.DoesNotContain('\u001b', _cli.Error);
    }

    [Fact]
    public async Task DeviceQuery_TellsCoresAndSimd()
    {
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync("device_query", "-gpu=all"));
        Assert.Contains($"Cores:                         {Environment.ProcessorCount}", _cli.Out,
            StringComparison.Ordinal);
        Assert.Contains("SIMD:", _cli.Out, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^BLAS: +managed \(compute\.blas\)$", _cli.Out);
        Assert.Matches(@"(?m)^BLAS, openblas: +(OpenBLAS .+; /.+|not found)$", _cli.Out);
        Assert.Matches(@"(?m)^BLAS, auto: +(managed|openblas|mkl)$", _cli.Out);
    }

    [Theory]
    [InlineData(2, "CFA1005", "train", "none.hocon")]
    [InlineData(2, "CFA1005", "train", "none.prototxt")]
    [InlineData(2, "CFA1005", "test", "--model", "none", "--weights", "none")]
    [InlineData(2, "CFA1005", "time", "--model", "none")]
    [InlineData(2, "CFA1005", "net", "summary", "none")]
    [InlineData(2, "CFA1005", "net", "run", "--model", "none", "--output", "out.h5")]
    [InlineData(5, "CFA1501", "convert", "mnist", "none", "none", "db")]
    [InlineData(5, "CFA1501", "convert", "mnist_siamese", "none", "none", "db")]
    [InlineData(5, "CFA1501", "convert", "imageset", "", "none", "db")]
    [InlineData(5, "CFA1501", "convert", "cifar10", "none", "db", "lmdb")]
    [InlineData(5, "CFA1501", "compute_image_mean", "none")]
    [InlineData(2, "CFA1005", "extract_features", "none", "none", "ip", "x", "1", "lmdb")]
    [InlineData(5, "CFA1501", "db", "copy", "none", "db")]
    [InlineData(5, "CFA1501", "db", "verify", "none")]
    [InlineData(5, "CFA1501", "db", "stat", "none")]
    [InlineData(5, "CFA1501", "db", "get", "none", "00000000")]
    [InlineData(5, "CFA1501", "parse_log", "none", "tables")]
    public async Task MissingFiles_AreNamed(int exitCode, string errorCode, params string[] args)
    {
        // Whatever a command would write goes into the test's folder.
        args = [.. args.Select(arg => arg is "out.h5" or "db" or "tables" && arg != args[0] ? _cli.At(arg) : arg)];
        Assert.Equal(exitCode, await _cli.RunAsync(args));
        string line = Assert.Single(
            _cli.Error.Split('\n'), line => line.Contains("error CFA", StringComparison.Ordinal));
        Assert.Contains($"error {errorCode}: ", line, StringComparison.Ordinal);
        Assert.Contains("'none", line, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_cli.At()));
    }
}
