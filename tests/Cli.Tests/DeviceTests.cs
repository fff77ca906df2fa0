using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Sources;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>The commands that compute, on the device of <c>CAFFEACTORS_TEST_DEVICE</c>: they tell which it is, and find
/// what the CPU finds.</summary>
public sealed partial class DeviceTests : IDisposable
{
    private const double Tolerance = 5e-4;

    private readonly CliRun _cli = new();
    private readonly string? _gpu = TestDevices.Name.StartsWith("gpu:", StringComparison.Ordinal)
        ? TestDevices.Name[4..] : null;

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Test_FindsWhatTheCpuFinds()
    {
        string weights = await TrainAsync();
        string[] command = ["test", "--model", _cli.At("net.prototxt"), "--weights", weights, "--iterations", "3"];
        Assert.True(await _cli.RunAsync([.. command, .. Gpu()]) == 0, _cli.Error);
        AssertTold();
        double loss = LossOf(_cli.Error);
        Assert.True(await _cli.RunAsync(command) == 0, _cli.Error);
        Assert.Contains("] Use CPU.", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(LossOf(_cli.Error), loss, Tolerance);
    }

    [Fact]
    public async Task Time_TellsEachLayer()
    {
        _cli.Solver(_cli.Database());
        Assert.True(await _cli.RunAsync(
            ["time", "--model", _cli.At("net.prototxt"), "--iterations", "2", .. Gpu()]) == 0, _cli.Error);
        AssertTold();
        Assert.Matches(@"\]         ip\tbackward: [\d.e-]+ ms\.\n", _cli.Error);
    }

    [Fact]
    public async Task ExtractFeatures_WritesWhatTheCpuWrites()
    {
        string weights = await TrainAsync();
        float[][] there = await FeaturesAsync(weights, "there", _gpu is null ? ["CPU"] : ["GPU", $"DEVICE_ID={_gpu}"]);
        AssertTold();
        float[][] here = await FeaturesAsync(weights, "here");
        Assert.Equal((8, 8), (here.Length, there.Length));
        for (int i = 0; i < here.Length; i++)
        {
            for (int k = 0; k < here[i].Length; k++)
                Assert.Equal(here[i][k], there[i][k], Tolerance);
        }
    }

    [Fact]
    public async Task NetRun_WritesWhatTheCpuWrites()
    {
        string weights = await TrainAsync();
        string[] command = ["net", "run", "--model", _cli.At("net.prototxt"), "--weights", weights, "--backward"];
        Assert.True(await _cli.RunAsync(
            [.. command, "--output", _cli.At("there.h5"), "--device", TestDevices.Name]) == 0, _cli.Error);
        AssertTold();
        Assert.True(await _cli.RunAsync([.. command, "--output", _cli.At("here.h5")]) == 0, _cli.Error);
        using Hdf5Reader there = new(_cli.At("there.h5")), here = new(_cli.At("here.h5"));
        foreach (string path in (string[])["data/ip", "diff/ip", "param_diffs/ip/0", "params/ip/0"])
        {
            float[] expected = here.ReadFloats(path), actual = there.ReadFloats(path);
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], actual[i], Tolerance);
        }
    }

    [Fact]
    public async Task NetSummary_TellsWhereLayersRun()
    {
        _cli.Solver(_cli.Database());
        string[] plain = ["net", "summary", _cli.At("net.prototxt"), "--input-shape", "data=4,1,8,8"];
        string[] command = [.. plain, "--device", TestDevices.Name];
        Assert.True(await _cli.RunAsync(command) == 0, _cli.Error);
        Assert.Matches($@"ip +InnerProduct .* {TestDevices.Name} *\n", _cli.Out);
        Assert.Matches(@"data +Input .* cpu *\n", _cli.Out);
        Assert.True(await _cli.RunAsync([.. command, "--json"]) == 0, _cli.Error);
        using JsonDocument json = JsonDocument.Parse(_cli.Out);
        Assert.Equal(TestDevices.Name, json.RootElement.GetProperty("layers").EnumerateArray()
            .Single(layer => layer.GetProperty("name").GetString() == "ip").GetProperty("device").GetString());
        Assert.True(await _cli.RunAsync(plain) == 0, _cli.Error);
        Assert.DoesNotContain("device", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeviceQuery_TellsOfEachDevice()
    {
        Assert.Equal(0, await _cli.RunAsync("device_query"));
        Assert.Contains("Device id:                     cpu", _cli.Out, StringComparison.Ordinal);
        Assert.Contains(
            $"Kernels:                       {KernelFamily.Best.Name}\n", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("] Querying GPUs all", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(1 + GpuPlatform.Count, DeviceLine().Count(_cli.Out));
        string ids = string.Join(',', Enumerable.Range(0, Math.Max(1, GpuPlatform.Count)));
        Assert.Equal(GpuPlatform.Count > 0 ? 0 : 7, await _cli.RunAsync("device_query", "-gpu", ids));
        Assert.Equal(GpuPlatform.Count, DeviceLine().Count(_cli.Out));
        foreach (GpuInfo gpu in GpuPlatform.Devices)
        {
            Assert.Contains($"Name:                          {gpu.Name}\n", _cli.Out, StringComparison.Ordinal);
            Assert.Contains(
                $"Total global memory:           {gpu.MemoryBytes}\n", _cli.Out, StringComparison.Ordinal);
        }

        Assert.Equal(7, await _cli.RunAsync("device_query", "--gpu", "99"));
        Assert.Contains("CFA1701: there is no GPU 99", _cli.Error, StringComparison.Ordinal);
        Assert.Equal("", _cli.Out);
    }

    [Fact]
    public async Task Train_OnADeviceThatFails_EndsWithItsExitCode()
    {
        string solver = _cli.Solver(_cli.Database(), "max_iter: 6 base_lr: 0.01 snapshot: 2");
        _cli.Environment["CAFFEACTORS_FAULT"] = "device:ip:3";
        Assert.Equal(7, await _cli.TrainAsync(solver, "--device", TestDevices.Name));
        Assert.Matches(
            @"error CFA1701: layer 'ip': (device cpu:0|GPU \d+ \(.*\)) failed: .*\(iteration 3\)", _cli.Error);
        Assert.True(File.Exists(_cli.At("snap_iter_2.resume")));
        Assert.False(Path.Exists(_cli.At("snap_iter_4.resume")));
        foreach (string wrong in (string[])["device", "device:ip", "device:ip:x", "disk:ip:3", ":ip:3", "device::3"])
        {
            _cli.Environment["CAFFEACTORS_FAULT"] = wrong;
            Assert.Equal(2, await _cli.TrainAsync(solver));
            Assert.Contains($"device:LAYER:ITERATION, not '{wrong}'", _cli.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Train_TellsItsDevices()
    {
        string solver = _cli.Solver(_cli.Database());
        Assert.True(await _cli.TrainAsync(solver, "--device", TestDevices.Name) == 0, _cli.Error);
        Assert.Matches(
            _gpu is null ? @"\] Use CPU\.\n" : $@"\] Using GPUs {_gpu}\n.*\] GPU {_gpu}: .+\n", _cli.Error);
        Assert.Equal(2, await _cli.TrainAsync(solver, "--device", TestDevices.Name, "--gpu", "0"));
        Assert.Equal(2, await _cli.TrainAsync(solver, "--gpu", "x"));
        Assert.Equal(2, await _cli.TrainAsync(solver, "--gpu", "0,0"));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("0,")]
    [InlineData("0;1")]
    [InlineData("99999999999")]
    public async Task MalformedIds_AreUsageErrors(string ids)
    {
        _cli.Solver(_cli.Database());
        foreach (string[] command in (string[][])[["device_query"], ["time", "--model", _cli.At("net.prototxt")]])
        {
            Assert.Equal(2, await _cli.RunAsync([.. command, $"--gpu={ids}"]));
            Assert.Contains("CFA1000: --gpu is ids of GPUs", _cli.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DevicesThatAreNotThere_AreDeviceErrors()
    {
        _cli.Solver(_cli.Database());
        Assert.Equal(7, await _cli.RunAsync("time", "--model", _cli.At("net.prototxt"), "-gpu", "99"));
        Assert.Contains("error CFA1701: there is no GPU 99: ", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(GpuPlatform.Count > 0 ? 0 : 7,
            await _cli.RunAsync("time", "--model", _cli.At("net.prototxt"), "-gpu", "all", "-iterations", "1"));
    }

    private string[] Gpu() => _gpu is null ? [] : ["--gpu", _gpu];

    private void AssertTold() => Assert.Matches(_gpu is null
        ? @"\] Use CPU\.\n" : $@"\] Use GPU with device ID {_gpu}\n.*\] GPU device name: .+\n", _cli.Error);

    private static double LossOf(string log) =>
        double.Parse(LossLine().Match(log).Groups[1].Value, CultureInfo.InvariantCulture);

    private async Task<string> TrainAsync()
    {
        string solver = _cli.Solver(_cli.Database());
        Assert.True(await _cli.TrainAsync(solver) == 0, _cli.Error);
        return _cli.At("snap_iter_6.caffemodel");
    }

    private async Task<float[][]> FeaturesAsync(string weights, string target, params string[] device)
    {
        Assert.True(await _cli.RunAsync([
            "extract_features", weights, _cli.At("net.prototxt"), "ip", _cli.At(target), "2", "lmdb", .. device]) == 0,
            _cli.Error);
        using RecordSource features = RecordSource.Open(_cli.At(target));
        List<float[]> rows = [];
        for (int i = 0; i < features.Count; i++)
        {
            features.Read(i, out _, out ReadOnlySpan<byte> value);
            rows.Add([.. Datum.Parser.ParseFrom(value).FloatData]);
        }

        return [.. rows];
    }

    [GeneratedRegex(@"\] Loss: (\S+)\n")]
    private static partial Regex LossLine();

    [GeneratedRegex("^Device id: ", RegexOptions.Multiline)]
    private static partial Regex DeviceLine();
}
