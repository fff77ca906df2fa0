using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Logging;

/// <summary>Lines in glog's form; places that cannot be written lose lines and nothing else.</summary>
public sealed class RunLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_HaveGlogsForm()
    {
        using var console = new StringWriter();
        using (var log = new RunLog(console, time: new FixedTime()))
        {
            log.Info("{0} stays as it is");
            log.Warn("b");
            log.Error("c");
        }

        string[] lines = console.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches(@"^I0307 05:06:07\.123456 [ \d]{4}\d RunLogTests\.cs:\d+\] \{0\} stays as it is\r?$", lines[0]);
        Assert.Equal("IWE", string.Concat(lines.Select(line => line[0])));
    }

    [Theory]
    [InlineData(0, "IWE")]
    [InlineData(1, "WE")]
    [InlineData(2, "E")]
    [InlineData(3, "")]
    public void MinLevel_HoldsForTheConsole(int level, string letters)
    {
        using var console = new StringWriter();
        using (var log = new RunLog(console, level))
        {
            log.Info("a");
            log.Warn("b");
            log.Error("c");
        }

        Assert.Equal(letters, string.Concat(
            console.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[0])));
    }

    [Fact(Timeout = 60_000)]
    public async Task ConsoleThatNobodyReads_HoldsNobodyUp()
    {
        string path = _folder.At("train.log");
        using var console = new BlockedWriter();
        await Task.Run(
            () =>
            {
                using var log = new RunLog(console);
                log.AddFile(path);
                for (int i = 0; i < 1000; i++)
                    log.Info($"line {i}");
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(1000, (await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken)).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ConsoleThatIsGone_LosesNothingInTheFile(bool closed)
    {
        string path = _folder.At("with ${braces}", "train.log");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var console = new BrokenWriter(closed);
        using (var log = new RunLog(console))
        {
            log.AddFile(path);
            log.Info("one");
            log.Info("two");
            log.Flush();
            // The line that says so is one of those that the console does not get.
            Assert.Equal(3, log.LostConsoleLines);
        }

        string[] lines = File.ReadAllLines(path);
        Assert.Equal(3, lines.Length);
        Assert.Single(lines, line => line.Contains("The console takes no more lines", StringComparison.Ordinal));
        Assert.Equal(1, console.Writes);
    }

    [Fact]
    public void ConsoleThatIsGoneBeforeThereIsAFile_IsToldInTheFile()
    {
        string path = _folder.At("train.log");
        using var console = new BrokenWriter(closed: false);
        using (var log = new RunLog(console))
        {
            log.Info("one");
            log.Flush();
            log.AddFile(path);
        }

        Assert.Single(File.ReadAllLines(path));
    }

    [Fact]
    public void FailureThatEndsARun_IsInTheFileAlone()
    {
        string path = _folder.At("train.log");
        using var console = new StringWriter();
        using (var log = new RunLog(console))
        {
            log.AddFile(path);
            log.Info("before");
            log.End(new CaffeException(ErrorCodes.NotFinite, FailureKind.Diverged, "no number"));
        }

        string[] lines = File.ReadAllLines(path);
        Assert.Equal("IE", string.Concat(lines.Select(line => line[0])));
        Assert.Contains($"error {ErrorCodes.NotFinite}: no number", lines[1], StringComparison.Ordinal);
        Assert.Single(console.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void SecondLog_AddsToTheFile()
    {
        string path = _folder.At("train.log");
        for (int i = 0; i < 2; i++)
        {
            using var log = new RunLog(null);
            log.AddFile(path);
            log.Info($"start {i}");
        }

        Assert.Equal(2, File.ReadAllLines(path).Length);
    }

    private sealed class BrokenWriter(bool closed) : StringWriter
    {
        public int Writes { get; private set; }

        public override void WriteLine(string? value)
        {
            Writes++;
            throw closed ? new ObjectDisposedException("console") : new IOException("Broken pipe");
        }
    }

    private sealed class FixedTime : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() =>
            new DateTimeOffset(2026, 3, 7, 5, 6, 7, TimeSpan.Zero).AddMicroseconds(123456);
    }

    // A pipe that is full.
    private sealed class BlockedWriter : StringWriter
    {
        private readonly ManualResetEventSlim _read = new();

        public override void WriteLine(string? value) => _read.Wait();

        protected override void Dispose(bool disposing)
        {
            _read.Set();
            base.Dispose(disposing);
        }
    }
}
