using System.Text.Json;
using CaffeActors.Cli.Doctor;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>doctor.</summary>
public sealed class DoctorCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private async Task<JsonElement> LookAsync(int code, params string[] args)
    {
        Assert.Equal(code, await _cli.RunAsync(["doctor", "--json", .. args]));
        return JsonDocument.Parse(_cli.Out).RootElement;
    }

    private static JsonElement Find(JsonElement report, string name) => report.GetProperty("checkups").EnumerateArray()
        .Single(checkup => checkup.GetProperty("name").GetString() == name);

    private static string Status(JsonElement checkup) => checkup.GetProperty("status").GetString()!;

    [Fact]
    public async Task Doctor_ShowsMachineDiskAndData()
    {
        string config = _cli.Write("run.hocon", """
            train.solver = s.prototxt
            data.sets = [{ name = far, requires = [${?NOT_SET}] }, { name = near, requires = [s.prototxt] }]
            """);
        _cli.Write("s.prototxt", "");
        JsonElement report = await LookAsync(0, config, "--output-root", _cli.At("runs", "below"));
        Assert.Equal(0, report.GetProperty("broken").GetInt32());
        foreach (string name in (string[])["program", "runtime", "system", "processor", "matrix products", "clock"])
            Assert.Equal("ok", Status(Find(report, name)));
        Assert.Equal("can be decoded", Find(report, "image files").GetProperty("value").GetString());
        Assert.Matches(@"^[\d.]+ GiB", Find(report, "memory").GetProperty("value").GetString()!);
        Assert.Matches(
            @"^written to disk at \d+ MB/s \(32\.0 MiB\)$",
            Find(report, $"runs in '{_cli.At("runs", "below")}'").GetProperty("value").GetString()!);
        Assert.Equal(
            "near (far: its variable is not set)", Find(report, config).GetProperty("value").GetString());
        // What is tried out leaves nothing behind.
        Assert.False(Directory.Exists(_cli.At("runs")));
        Assert.Equal(2, Directory.GetFileSystemEntries(_cli.At()).Length);
    }

    [Fact]
    public async Task Table_EndsWithTheCounts()
    {
        Assert.Equal(0, await _cli.RunAsync("doctor", "--output-root", _cli.At("runs")));
        Assert.Matches(@"ok\s+runtime\s+\.NET 10", _cli.Out);
        Assert.Matches(@"\n0 broken, \d+ warning\(s\)\n$", _cli.Out);
    }

    [Fact]
    public async Task FolderThatCannotBeWritten_IsBroken()
    {
        string file = _cli.Write("file", "");
        JsonElement report = await LookAsync(5, "--output-root", Path.Combine(file, "runs"));
        JsonElement disk = Find(report, $"runs in '{Path.Combine(file, "runs")}'");
        Assert.Equal("broken", Status(disk));
        Assert.Contains("run.output-root", disk.GetProperty("advice").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigurationThatIsWanted_MustWork()
    {
        string config = _cli.Write(
            "run.hocon", "train.solver = s.prototxt\ndata.sets = [{ name = far, requires = [no] }]");
        Assert.Equal("broken", Status(Find(await LookAsync(5, config, "--output-root", _cli.At()), config)));
        config = _cli.Write("wrong.hocon", "trian.solver = s.prototxt");
        JsonElement wrong = Find(await LookAsync(2, config, "--output-root", _cli.At()), config);
        Assert.Contains(
            $"{config}(1,1): error CFA1002", wrong.GetProperty("value").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_ThatAreLow_AreWarnedOf()
    {
        _cli.Write("proc/self/limits", """
            Limit                     Soft Limit           Hard Limit           Units
            Max data size             unlimited            unlimited            bytes
            Max open files            256                  1048576              files
            Max address space         4294967296           unlimited            bytes
            """);
        _cli.Write("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable:     300000 kB\n");
        Checkup[] warned = [.. MachineCheckups.Look(_cli.At()).Where(checkup => checkup.Status == "warning")];
        Assert.Equal(["memory", "open files at once", "address space"], warned.Select(checkup => checkup.Name));
        Assert.Contains("293.0 MiB free", warned[0].Value, StringComparison.Ordinal);
        Assert.Equal(["256", "4.00 GiB"], warned[1..].Select(checkup => checkup.Value));
    }

    [Fact]
    public void Clock_OfAnotherAge_IsWarnedOf()
    {
        Checkup clock = new DiskCheckups(_cli.At(), new StoppedClock()).Look()
            .Single(checkup => checkup.Name == "clock");
        Assert.Equal("1970-01-01 00:00:00 UTC", clock.Value);
        Assert.Equal("warning", clock.Status);
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }
}
