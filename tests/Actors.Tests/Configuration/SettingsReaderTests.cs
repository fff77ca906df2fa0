using System.Text.RegularExpressions;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Configuration;

public sealed class SettingsReaderTests
{
    private static CaffeActorsSettings Read(string text, params string[] sets) =>
        SettingsReader.Read(HoconDocument.ParseText(text, "run.hocon"), sets, static _ => null);

    private static CaffeException Refused(string text, params string[] sets) =>
        Assert.Throws<CaffeException>(() => Read(text, sets));

    [Fact]
    public void EmptyFile_HasTheDefaultsOfReferenceConf()
    {
        CaffeActorsSettings settings = Read("");
        Assert.Equal(new RunSettings("", "runs", TimeSpan.FromMinutes(10)), settings.Run);
        Assert.Equal(ResumeMode.Never, settings.Train.Resume);
        Assert.Null(settings.Train.MaxIter);
        Assert.Null(settings.Train.Seed);
        Assert.Null(settings.Train.TimeBudget);
        Assert.Equal(new DivergenceSettings(), settings.Train.OnDivergence);
        Assert.Null(settings.Train.EarlyStopping);
        Assert.Equal(new MetricsSettings(100, TimeSpan.FromSeconds(30)), settings.Metrics);
        Assert.Equal(0, settings.Threads);
        Assert.Equal(new SnapshotSettings(), settings.Snapshots);
        Assert.Empty(settings.Parallel.Devices);
        Assert.Equal(new ParallelSettings
        {
            Devices = settings.Parallel.Devices,
            Placement = settings.Parallel.Placement,
        }, settings.Parallel);
        Assert.Empty(settings.Data.Sets);
        Assert.Equal(NetPasses.All, settings.Passes);
    }

    [Theory]
    [InlineData("none", NetPasses.None)]
    [InlineData("fuse-relu", NetPasses.FuseReLU)]
    [InlineData("[trim-splits, fold-batch-norm]", NetPasses.TrimSplits | NetPasses.FoldBatchNorm)]
    [InlineData("[]", NetPasses.None)]
    public void Passes_AreRead(string text, NetPasses passes) =>
        Assert.Equal(passes, Read($"compute.passes = {text}").Passes);

    [Fact]
    public void UnknownPass_IsRefusedWithItsPlace()
    {
        CaffeException failure = Refused("compute {\n passes = [fuse-relu, fuse-bias]\n}");
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains("must be all, none, or a list of fold-batch-norm, fuse-relu", failure.Message,
            StringComparison.Ordinal);
        Assert.Equal(2, failure.Place?.Line);
    }

    [Fact]
    public void Kernels_AreChosenByName()
    {
        Assert.Equal(KernelChoice.Auto, Read("").Kernels);
        Assert.Equal(KernelChoice.Avx2, Read("compute.kernels = avx2").Kernels);
        Assert.Equal(KernelChoice.Portable, Read("", "compute.kernels=portable").Kernels);
        CaffeException failure = Refused("compute.kernels = sse");
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains("auto, avx512, avx2, portable", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Winograd_CanBeSwitchedOff()
    {
        Assert.True(Read("").Winograd);
        Assert.False(Read("compute.winograd = off").Winograd);
    }

    [Fact]
    public void Parallel_IsRead()
    {
        ParallelSettings parallel = Read("""
            parallel { devices = ["cpu:0", cpu:1], reduction = ring, bucket-size = 1MiB, scaling = strong }
            parallel { reproducible = on, grain = 8 }
            """).Parallel;
        Assert.Equal(["cpu:0", "cpu:1"], parallel.Devices.Select(device => device.ToString()));
        Assert.Equal(new ParallelSettings
        {
            Devices = parallel.Devices,
            Placement = parallel.Placement,
            Reduction = ReductionKind.Ring,
            BucketSize = 1 << 20,
            Scaling = BatchScaling.Strong,
            Reproducible = true,
            Grain = 8,
        }, parallel);
    }

    [Fact]
    public void Values_AreReadWithTheirUnits()
    {
        CaffeActorsSettings settings = Read("""
            run.name = mine
            train { solver = s.prototxt, resume = auto, max-iter = 1e3, seed = 7, time-budget = 55m, stages = [a,
              b], level = -1 }
            compute { threads = 3, blas = /opt/libblas.so }
            snapshot { keep-last = 2, keep-every = 1000, keep-best = test1/loss, keep-best-mode = min }
            metrics { system-every = 0, flush-interval = 5s }
            """);
        Assert.Equal("mine", settings.Run.Name);
        Assert.Equal((1000, 7UL, TimeSpan.FromMinutes(55)),
            (settings.Train.MaxIter, settings.Train.Seed, settings.Train.TimeBudget));
        Assert.Equal(ResumeMode.Auto, settings.Train.Resume);
        Assert.Equal(["a", "b"], settings.Train.Stages);
        Assert.Equal((3, "/opt/libblas.so"), (settings.Threads, settings.Blas));
        Assert.Equal(
            new SnapshotSettings
            {
                KeepLast = 2,
                KeepEvery = 1000,
                KeepBest = new MetricGoal("test1/loss", MetricMode.Min),
            },
            settings.Snapshots);
        Assert.Equal(new MetricsSettings(0, TimeSpan.FromSeconds(5)), settings.Metrics);
    }

    [Theory]
    [InlineData("train.max-itr = 5", "train.max-itr", "max-iter", 1, 7)]
    [InlineData("\n  snapshots { keep-last = 1 }", "snapshots", "snapshot", 2, 3)]
    [InlineData("data.sets = [{ name = a, require = [x] }]", "require", "requires", 1, 26)]
    public void UnknownKey_IsRefusedWithTheNearestAndItsPlace(
        string text, string key, string near, int line, int column)
    {
        CaffeException failure = Refused(text);
        Assert.Equal(ErrorCodes.UnknownKey, failure.Code);
        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"'{near}'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(new SourcePlace("run.hocon", line, column), failure.Place);
    }

    [Theory]
    [InlineData("compute.threads = many", "compute.threads")]
    [InlineData("compute.threads = -1", "compute.threads")]
    [InlineData("compute.blas = atlas", "compute.blas")]
    [InlineData("train.resume = perhaps", "train.resume")]
    [InlineData("snapshot.keep-every = -1", "snapshot.keep-every")]
    [InlineData("snapshot.keep-best-mode = most", "snapshot.keep-best-mode")]
    [InlineData("train.time-budget = 55x", "train.time-budget")]
    [InlineData("metrics.flush-interval = 31s", "metrics.flush-interval")]
    [InlineData("train.seed = 1.5", "train.seed")]
    public void ValueThatDoesNotFit_IsRefusedWithItsKey(string text, string key)
    {
        CaffeException failure = Refused(text);
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, failure.Place?.Line);
    }

    [Fact]
    public void Set_OverridesTheFile()
    {
        CaffeActorsSettings settings = Read("train.seed = 1", "train.seed=2", "solver.base_lr=0.5", "train.seed=3");
        Assert.Equal(3UL, settings.Train.Seed);
        Assert.Equal("0.5", ((HoconScalar)settings.Overrides.Solver.Values["base_lr"]).Text);
        Assert.Contains("a=b", Read("", "layers.\"a=b\".name=x").Overrides.Layers.Values.Keys);
        Assert.Equal(ErrorCodes.Usage, Refused("", "train.seed").Code);
        Assert.Equal("--set", Refused("", "train.sed=2").Place?.Path);
    }

    [Fact]
    public void DataSets_TellUnsetVariablesFromAbsentRequirements()
    {
        IReadOnlyList<DataSetSettings> sets = Read("""
            data.sets = [{ name = a, requires = [${?NOT_SET}] }, { name = b }, { name = c, requires = ${?NOT_SET} },
              { name = d, requires = [x] }]
            """).Data.Sets;
        Assert.Equal([0, -1, 0, 1], sets.Select(set => set.Requires?.Count ?? -1));
    }

    [Fact]
    public void WhatEndsARun_IsRead()
    {
        TrainSettings train = Read("""
            train.on-divergence { action = rollback, factor = 0.5 }
            train.early-stopping { metric = "test1/a/b", mode = min, patience = 7, min-delta = 1e-3 }
            """).Train;
        Assert.Equal(new DivergenceSettings(DivergenceAction.Rollback, 0.5, 3), train.OnDivergence);
        Assert.Equal(
            new EarlyStoppingSettings(new MetricGoal("test1/a/b", MetricMode.Min), 7, 1e-3), train.EarlyStopping);
        Assert.Equal(("test1", "a/b"), (train.EarlyStopping!.Split, train.EarlyStopping.Name));
        Assert.Contains("SPLIT/NAME", Refused("train.early-stopping.metric = accuracy").Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void EveryKeyOfReferenceConf_HasACommentAndIsDocumented()
    {
        string folder = Repository.Root;
        string[] lines = File.ReadAllLines(Path.Combine(folder, "src", "Actors", "Configuration", "reference.conf"));
        string guide = File.ReadAllText(Path.Combine(folder, "docs", "configuration.md"));
        string section = "";
        int keys = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            Match opened = Regex.Match(lines[i], @"^\s*([a-z-]+) \{$"), key =
                Regex.Match(lines[i], @"^\s*([a-z-]+) (=|\{\})");
            if (opened.Success)
                section += opened.Groups[1].Value + ".";
            if (lines[i].Trim() == "}")
                section = section[..(section.LastIndexOf('.', section.Length - 2) + 1)];
            if (!key.Success)
                continue;
            keys++;
            Assert.True(lines[i - 1].TrimStart().StartsWith('#'), $"reference.conf({i + 1}): the key has no comment");
            string name = section + key.Groups[1].Value;
            Assert.True(guide.Contains($"`{name}`", StringComparison.Ordinal),
                $"docs/configuration.md does not tell of {name}");
        }

        Assert.True(keys > 15, $"only {keys} keys found");
    }

    [Fact]
    public void EveryKeyOfReferenceConf_IsRead()
    {
        // A key nobody reads would take any value: each must refuse a list of lists, or be a section of the user's.
        HoconObject reference = SettingsReader.Reference.Resolve(static _ => null);
        foreach (string section in reference.Keys)
        {
            var keys = reference[section] is HoconObject { Keys.Count: > 0 } inner
                ? inner.Keys.Select(key => $"{section}.{key}") : [section];
            foreach (string key in keys)
                Assert.Throws<CaffeException>(() => Read($"{key} = [[[]]]"));
        }
    }
}
