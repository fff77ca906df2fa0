using System.Reflection;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Actors.Configuration;

/// <summary>Reads run configurations: the file over reference.conf, with overrides and environment, checked key by
/// key.</summary>
public static class SettingsReader
{
    /// <summary>What places call the program's own file of defaults.</summary>
    public const string ReferenceName = "reference.conf";

    private static readonly string[] DataSetKeys =
        ["name", "requires", "embedded", "solver", "layers", "layers-train", "layers-test", "extensions"];

    // Sections whose keys are the user's: names of layers, fields of the schema, Akka's keys.
    private static readonly HashSet<string> FreeSections =
        ["solver", "layers", "layers-train", "layers-test", "extensions", "placement", "acceptance", "akka"];

    /// <summary>The defaults, as reference.conf has them.</summary>
    public static HoconDocument Reference { get; } = ReadReference();

    /// <summary>The same, resolved.</summary>
    public static HoconObject Defaults { get; } = Reference.Resolve(static _ => null);

    /// <summary>Reads a configuration.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sets">Overrides, <c>path=value</c> each, later ones winning.</param>
    /// <param name="environment">Environment variables.</param>
    /// <exception cref="CaffeException">Something cannot be read or does not fit; the place is the value's.</exception>
    public static CaffeActorsSettings ReadFile(
        string path, IEnumerable<string> sets, Func<string, string?> environment) =>
        Read(HoconDocument.ParseFile(path), sets, environment);

    /// <summary>Reads a configuration that is parsed already.</summary>
    public static CaffeActorsSettings Read(
        HoconDocument document, IEnumerable<string> sets, Func<string, string?> environment) =>
        Read(Resolve(document, sets, environment));

    /// <summary>Reads a configuration that is resolved already.</summary>
    /// <param name="values">What <see cref="Resolve"/> gave.</param>
    /// <exception cref="CaffeException">Something does not fit; the place is the value's.</exception>
    public static CaffeActorsSettings Read(HoconObject values)
    {
        RefuseUnknown(values, Defaults, "");
        return Settings(new HoconSection(values), values);
    }

    /// <summary>Lays a configuration over the defaults, and the overrides over both, and puts in what substitutions
    /// stand for. Keys and values are not looked at.</summary>
    /// <param name="document">The configuration.</param>
    /// <param name="sets">Overrides, <c>path=value</c> each, later ones winning.</param>
    /// <param name="environment">Environment variables.</param>
    /// <exception cref="CaffeException">An override cannot be read, or a substitution leads nowhere.</exception>
    public static HoconObject Resolve(
        HoconDocument document, IEnumerable<string> sets, Func<string, string?> environment)
    {
        foreach (string set in sets)
        {
            int equals = EqualsOutsideQuotes(set);
            if (equals <= 0)
            {
                throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                    $"--set takes path=value, as in --set train.max-iter=100, not '{set}'");
            }

            document = document.WithOverride(set[..equals], set[(equals + 1)..], "--set");
        }

        return document.WithFallback(Reference).Resolve(environment);
    }

    // A quoted key, as the name of a layer, may hold an equals sign.
    private static int EqualsOutsideQuotes(string set)
    {
        bool quoted = false;
        for (int i = 0; i < set.Length; i++)
        {
            if (set[i] == '"')
                quoted = !quoted;
            else if (set[i] == '=' && !quoted)
                return i;
        }

        return -1;
    }

    private static CaffeActorsSettings Settings(HoconSection root, HoconObject resolved)
    {
        HoconSection run = root.Section("run"), train = root.Section("train"), data = root.Section("data");
        HoconSection metrics = root.Section("metrics"), compute = root.Section("compute");
        return new CaffeActorsSettings
        {
            Run = new RunSettings(run.Text("name"), run.Text("output-root"),
                run.Duration("wait-limit", TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650))),
            Train = new TrainSettings(
                train.Text("solver"), train.Text("net"), Texts(train, "weights"), train.Choice<ResumeMode>("resume"),
                train.Has("max-iter") ? train.Int("max-iter", 0, int.MaxValue) : null,
                train.Has("seed") ? (ulong)train.Integer("seed", 0, long.MaxValue) : null,
                train.Has("time-budget")
                ? train.Duration("time-budget", TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650)) : null,
                Texts(train, "stages"), train.Int("level", int.MinValue, int.MaxValue),
                OnDivergence(train.Section("on-divergence")), EarlyStopping(train.Section("early-stopping"))),
            Overrides = TopOverrides(root),
            LayerAssemblies = LayerAssemblies(root),
            Data = new DataSettings(
                data.Text("root"), [.. data.Sections("sets").Select(DataSet)], data.Int("threads", 0, 1024)),
            Threads = compute.Int("threads", 0, 1024),
            Passes = PassNames.TryParse(Texts(compute, "passes"))
                ?? throw compute.Wrong("passes", PassNames.Expected),
            Kernels = compute.Choice<KernelChoice>("kernels"),
            Winograd = compute.Flag("winograd"),
            Blas = BlasChoice.TryParse(compute.Text("blas")) ?? throw compute.Wrong("blas", BlasChoice.Expected),
            GpuBlas = compute.Choice<GpuBlas>("gpu-blas"),
            Precision = StorageNames.Parse(compute.Text("precision"), "compute.precision"),
            Recompute = compute.Choice<Recompute>("recompute"),
            MemoryLimit = compute.Has("memory-limit") ? compute.Size("memory-limit", 1, long.MaxValue) : null,
            GradScale = compute.Has("grad-scale")
                ? GradScaleSetting.Parse(compute.Text("grad-scale"), "compute.grad-scale") : null,
            Parallel = Parallel(root.Section("parallel"), root.Section("placement")),
            Acceptance = AcceptanceReader.Read(root.Section("acceptance")),
            Snapshots = Snapshots(root.Section("snapshot")),
            Metrics = new MetricsSettings(
                metrics.Int("system-every", 0, int.MaxValue),
                metrics.Duration("flush-interval", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30))),
            Live = LiveReader.Read(root.Section("live")),
            Cluster = ClusterReader.Read(root.Section("cluster")),
            Akka = root.Section("akka").Values.Render(),
            Resolved = resolved,
        };
    }

    private static DivergenceSettings OnDivergence(HoconSection section) => new(
        section.Choice<DivergenceAction>("action"), section.Number("factor", 1e-6, 1),
        section.Int("limit", 1, int.MaxValue));

    private static EarlyStoppingSettings? EarlyStopping(HoconSection section)
    {
        if (section.Text("metric").Length == 0)
            return null;
        var settings = new EarlyStoppingSettings(
            new MetricGoal(section.Text("metric"), section.Choice<MetricMode>("mode")),
            section.Int("patience", 1, int.MaxValue), section.Number("min-delta", 0, double.MaxValue));
        return settings.Name.Length > 0 ? settings : throw section.Wrong("metric", "SPLIT/NAME, as test0/accuracy");
    }

    private static SnapshotSettings Snapshots(HoconSection snapshot)
    {
        MetricMode mode = snapshot.Choice<MetricMode>("keep-best-mode");
        return new SnapshotSettings
        {
            KeepLast = snapshot.Int("keep-last", 0, int.MaxValue),
            KeepEvery = snapshot.Int("keep-every", 0, int.MaxValue),
            KeepBest = snapshot.Has("keep-best") ? new MetricGoal(snapshot.Text("keep-best"), mode) : null,
        };
    }

    private static ParallelSettings Parallel(HoconSection parallel, HoconSection placement) => new()
    {
        Placement = [.. placement.Values.Keys.Select(pattern => Rule(placement, pattern))],
        MicroBatches = parallel.Int("micro-batches", 1, 1 << 20),
        Devices = DeviceList.Parse(Texts(parallel, "devices"), "parallel.devices"),
        Reduction = parallel.Choice<ReductionKind>("reduction"),
        BucketSize = parallel.Size("bucket-size", 1, 16L << 30),
        Scaling = parallel.Choice<BatchScaling>("scaling"),
        Reproducible = parallel.Flag("reproducible"),
        Grain = parallel.Int("grain", 1, int.MaxValue),
    };

    private static PlacementRule Rule(HoconSection placement, string pattern)
    {
        string device = placement.Text(pattern);
        return new PlacementRule(pattern, DeviceId.TryParse(device) ?? throw new CaffeException(
            ErrorCodes.BadSetting, FailureKind.Configuration,
            $"placement.\"{pattern}\" is a device, such as gpu:0 or cpu:1, not '{device}'",
            placement.Values[pattern].Place));
    }

    private static DataSetSettings DataSet(HoconSection set)
    {
        foreach (string key in set.Values.Keys.Where(key => !DataSetKeys.Contains(key)))
            throw Unknown(set.Values, key, $"{set.Path}.{key}", DataSetKeys);
        bool declared = set.Has("requires") || set.Values.UndefinedKeys.Contains("requires");
        return new DataSetSettings(
            set.Has("name") ? set.Text("name") : set.Path,
            !declared ? null : set.Has("requires") ? Texts(set, "requires") : [],
            set.Has("embedded") ? set.Text("embedded") : "",
            Overrides(set),
            set.Values.Place);
    }

    private static OverrideSettings Overrides(HoconSection section) => new(
        Inner(section, "solver"), Inner(section, "layers"), Inner(section, "layers-train"),
        Inner(section, "layers-test"),
        Inner(section, "extensions"));

    // A list under this name is the setting; an object there overrides a layer that is called so.
    private static LibraryReference[] LayerAssemblies(HoconSection root)
    {
        HoconSection layers = Inner(root, "layers");
        return layers.Values.TryGet("assemblies", out HoconValue? value) && value is not HoconObject
            ? [.. layers.Scalars("assemblies").Select(item => new LibraryReference(item.Text, item.Place))]
            : [];
    }

    private static OverrideSettings TopOverrides(HoconSection root)
    {
        OverrideSettings all = Overrides(root);
        return all.Layers.Values.TryGet("assemblies", out HoconValue? value) && value is not HoconObject
            ? all with { Layers = new HoconSection(all.Layers.Values.Without("assemblies"), all.Layers.Path) }
            : all;
    }

    private static HoconSection Inner(HoconSection section, string key) =>
        section.Has(key) ? section.Section(key) : new HoconSection(new HoconObject(section.Values.Place), key);

    private static string[] Texts(HoconSection section, string key) =>
        [.. section.Scalars(key).Select(item => item.Text)];

    private static void RefuseUnknown(HoconObject given, HoconObject known, string path)
    {
        foreach (string key in given.Keys.Concat(given.UndefinedKeys))
        {
            string full = path.Length == 0 ? key : $"{path}.{key}";
            if (!known.TryGet(key, out HoconValue? reference))
                throw Unknown(given, key, full, known.Keys);
            if (!FreeSections.Contains(full) && reference is HoconObject inner
                && given.TryGet(key, out HoconValue? value) && value is HoconObject section)
            {
                RefuseUnknown(section, inner, full);
            }
        }
    }

    private static CaffeException Unknown(HoconObject given, string key, string full, IEnumerable<string> known)
    {
        string hint = Nearest.Of(key, known) is { } near ? $"did you mean '{near}'?"
            : $"known here: {string.Join(", ", known)}";
        return new CaffeException(
            ErrorCodes.UnknownKey, FailureKind.Configuration, $"there is no setting '{full}'; {hint}",
            given.PlaceOfKey(key));
    }

    private static HoconDocument ReadReference()
    {
        Assembly assembly = typeof(SettingsReader).Assembly;
        string name = assembly.GetManifestResourceNames()
            .Single(name => name.EndsWith(ReferenceName, StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return HoconDocument.ParseText(reader.ReadToEnd(), ReferenceName);
    }
}
