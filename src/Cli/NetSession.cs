using System.Reflection;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli;

/// <summary>How a tool wants its net.</summary>
internal sealed record NetSessionOptions
{
    /// <summary>Threads; 0 takes one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>NetState level.</summary>
    public int Level { get; init; }

    /// <summary>NetState stages.</summary>
    public IReadOnlyList<string> Stages { get; init; } = [];

    /// <summary>Replaces layers that read data by inputs of the same shapes, so that no database is needed.</summary>
    public bool WithoutData { get; init; }

    /// <summary>With <see cref="WithoutData"/>: shapes of tops that the net itself does not tell.</summary>
    public IReadOnlyDictionary<string, int[]> InputShapes { get; init; } = new Dictionary<string, int[]>();

    /// <summary>Gradients for every blob.</summary>
    public bool ForceBackward { get; init; }

    /// <summary>Settings beyond Caffe's schema, by layer name.</summary>
    public IReadOnlyDictionary<string, object> Extensions { get; init; } = new Dictionary<string, object>();

    /// <summary>Hears remarks.</summary>
    public Action<string> Notice { get; init; } = static _ => { };
}

/// <summary>A net of a file with the device it runs on, for tools that run it in a plain loop.</summary>
internal sealed class NetSession : IDisposable
{
    private NetSession(CpuDevice device, Net net)
    {
        Device = device;
        Net = net;
    }

    /// <summary>The layer types of the program.</summary>
    public static LayerCatalog Catalog { get; } =
        new(typeof(Layer).Assembly, typeof(CaffeActors.Data.Layers.BatchLayer).Assembly);

    /// <summary>The device.</summary>
    public CpuDevice Device { get; }

    /// <summary>The net.</summary>
    public Net Net { get; }

    /// <summary>Opens a net of a prototxt file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="phase">The phase, or null for the file's own state, else TEST.</param>
    /// <param name="options">More.</param>
    public static NetSession Open(string file, Phase? phase, NetSessionOptions options)
    {
        NetParameter net = NetFiles.ReadNet(file, options.Notice);
        var state = new NetState { Level = options.Level };
        state.Stage.AddRange(options.Stages);
        if (phase is { } wanted)
            state.Phase = wanted;
        net.State = NetStates.Merge(Phase.Test, net.State, state);
        return Open(net, new PathFinder().Beside(file).Resolve, options);
    }

    /// <summary>Opens a net whose state is set.</summary>
    public static NetSession Open(NetParameter net, Func<string, string> resolvePath, NetSessionOptions options)
    {
        if (options.WithoutData)
            DataPlaceholders.Replace(net, options.InputShapes, options.Notice);
        if (options.ForceBackward)
            net.ForceBackward = true;
        var device = new CpuDevice(options.Threads);
        try
        {
            var context = new LayerContext(device, seed: 0)
            {
                Notice = options.Notice,
                ResolvePath = resolvePath,
                Extensions = options.Extensions,
            };
            return new NetSession(device, NetBuilder.Build(net, new NetOptions(context, Catalog)));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Copies weight files into the net, in order; later ones win.</summary>
    /// <param name="files">Files separated by commas, blanks around them ignored.</param>
    /// <param name="notice">Hears what became of each.</param>
    public void LoadWeights(string files, Action<string>? notice = null)
    {
        foreach (string file in files.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            NetParameter stored = WeightsFile.Read(file, notice);
            NetUpgrade.Upgrade(stored);
            WeightCopyReport report = Net.CopyTrainedLayersFrom(stored);
            foreach (string skipped in report.Skipped)
                notice?.Invoke($"Ignoring source layer {skipped}");
            if (report.Missing.Count > 0)
                notice?.Invoke($"'{file}' has no weights for: {string.Join(", ", report.Missing)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Net.Dispose();
        Device.Dispose();
    }
}
