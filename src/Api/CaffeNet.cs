using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Nets;
using CaffeActors.Data.PlugIns;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Tools;

namespace CaffeActors.Api;

/// <summary>
/// A net with the device it runs on: opened from a prototxt file or a message, run forward and backward in a plain
/// loop, its blobs and parameters open to be read and written. Not thread-safe; <see cref="NetPool"/> runs one set of
/// weights on many threads.
/// </summary>
public sealed partial class CaffeNet : IDisposable
{
    private readonly IDisposable?[] _devices;

    internal CaffeNet(Net net, GpuDevice? gpu, params IDisposable?[] devices)
    {
        _devices = devices;
        Gpu = gpu;
        Net = net;
        Blobs = new OrderedDictionary<string, Blob>(
            net.BlobNames.Select(name => KeyValuePair.Create(name, net.Blob(name))));
        Params = new OrderedDictionary<string, IReadOnlyList<Blob>>(
            net.Layers.Where(layer => layer.Layer.Blobs.Count > 0).DistinctBy(layer => layer.Name)
                .Select(layer => KeyValuePair.Create(layer.Name, layer.Layer.Blobs)));
        _outputs = Select(net.OutputNames);
    }

    /// <summary>The engine's net, with all that it offers.</summary>
    public Net Net { get; }

    /// <summary>The accelerator it computes on, or null: the CPU.</summary>
    public GpuDevice? Gpu { get; }

    /// <summary>The net's name.</summary>
    public string Name => Net.Name;

    /// <summary>The layers in order, those the engine inserted included.</summary>
    public IReadOnlyList<NetLayer> Layers => Net.Layers;

    /// <summary>Names of the inputs: the tops of Input layers.</summary>
    public IReadOnlyList<string> Inputs => Net.InputNames;

    /// <summary>Names of the outputs: the blobs that no layer reads.</summary>
    public IReadOnlyList<string> Outputs => Net.OutputNames;

    /// <summary>All blobs by name, in the order in which they are made. They are the net's own: what is written
    /// counts.</summary>
    public IReadOnlyDictionary<string, Blob> Blobs { get; }

    /// <summary>The learnable blobs by layer, weights before bias; layers without any are left out.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Blob>> Params { get; }

    /// <summary>Opens a net of a prototxt file.</summary>
    /// <param name="file">The file; of older forms too.</param>
    /// <param name="phase">The phase; null for the file's own state, else TEST.</param>
    /// <param name="options">More.</param>
    /// <exception cref="CaffeException">A file is missing or cannot be understood, or the net cannot be
    /// built.</exception>
    public static CaffeNet Open(string file, Phase? phase = null, CaffeNetOptions? options = null)
    {
        options ??= new CaffeNetOptions();
        NetParameter net = NetFiles.ReadNet(file, options.Notice);
        var state = new NetState();
        if (options.Level is { } level)
            state.Level = level;
        state.Stage.AddRange(options.Stages);
        if (phase is { } wanted)
            state.Phase = wanted;
        net.State = NetStates.Merge(Phase.Test, net.State, state);
        return Open(net, options, options.Folders.Aggregate(
            new PathFinder().Beside(file), static (finder, folder) => finder.In(folder)).Resolve);
    }

    /// <summary>Opens a net of a message, whose <c>state</c> says the phase (default TEST).</summary>
    /// <param name="net">The net, in today's form; it is not changed.</param>
    /// <param name="options">More; level and stages are the message's.</param>
    /// <param name="resolvePath">Finds files that the net names. Default: paths are meant from the current
    /// folder.</param>
    /// <exception cref="CaffeException">The net cannot be built, or weights do not fit.</exception>
    public static CaffeNet Open(
        NetParameter net, CaffeNetOptions? options = null, Func<string, string>? resolvePath = null)
    {
        options ??= new CaffeNetOptions();
        resolvePath ??= static path => path;
        net = net.CloneWithPlaces();
        if (options.WithoutData)
            DataPlaceholders.Replace(net, options.InputShapes, options.Notice);
        if (options.ForceBackward)
            net.ForceBackward = true;
        LayerCatalog catalog = options.Catalog ?? LayerPlugIns.Catalog(
            options.LayerAssemblies, resolvePath, options.Notice);
        DeviceId place = DeviceOpener.Parse(options.Device, "a net's device");
        Action<string> notice = options.TellBuild ? options.Notice : static _ => { };
        var device = new CpuDevice(options.Threads);
        GpuDevice? gpu = null;
        CaffeNet? opened = null;
        try
        {
            gpu = options.SharedGpu is null ? DeviceOpener.Open(place, notice) : null;
            var context = new LayerContext(device, options.Seed)
            {
                Gpu = options.SharedGpu ?? gpu,
                Notice = notice,
                Warning = options.Warning ?? options.Notice,
                ResolvePath = resolvePath,
                Extensions = options.Extensions,
            };
            Net built = NetBuilder.Build(net, new NetOptions(context, catalog)
            {
                Precision = options.Precision,
                Passes = options.Passes,
                Use = options.Use,
            });
            opened = new CaffeNet(built, context.Gpu, device, gpu);
            if (options.Weights is { } weights)
                opened.LoadWeights(weights, options.Notice);
            return opened;
        }
        catch
        {
            opened?.Net.Dispose();
            gpu?.Dispose();
            device.Dispose();
            throw;
        }
    }

    /// <summary>Refuses to run where there is too little memory. Blobs take theirs when they are first used, so this is
    /// to be asked before, once inputs have their shapes.</summary>
    /// <param name="limit">Bytes there are; null, the default, for what the machine or its container has.</param>
    /// <exception cref="CaffeException">CFA1702: parameters and activations do not fit.</exception>
    public void RequireMemory(long? limit = null) =>
        MemoryDemand.OfForward(Net).RequireFits($"the net '{Name}'", limit ?? MachineMemory.Bytes);

    /// <summary>Copies weights into the net, by layer name; later files win. What is in no file stays as it
    /// is.</summary>
    /// <param name="files">Files (.caffemodel, .caffemodel.h5) separated by commas, blanks around them ignored.</param>
    /// <param name="notice">Hears what became of each.</param>
    /// <returns>For each file, which layers it gave weights to.</returns>
    /// <exception cref="CaffeException">A file is missing, damaged or does not fit.</exception>
    public IReadOnlyList<WeightCopyReport> LoadWeights(string files, Action<string>? notice = null)
    {
        List<WeightCopyReport> reports = [];
        foreach (string file in files.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            reports.Add(TakeWeights(ReadWeights(file, notice), file, notice));
        return reports;
    }

    /// <summary>Reads a file of weights, in today's form.</summary>
    internal static NetParameter ReadWeights(string file, Action<string>? notice)
    {
        NetParameter stored = WeightsFile.Read(file, notice);
        NetUpgrade.Upgrade(stored);
        return stored;
    }

    /// <summary>Copies weights that were read, and tells what became of them.</summary>
    internal WeightCopyReport TakeWeights(NetParameter stored, string file, Action<string>? notice)
    {
        WeightCopyReport report = Net.CopyTrainedLayersFrom(stored);
        foreach (string skipped in report.Skipped)
            notice?.Invoke($"Ignoring source layer {skipped}");
        if (report.Missing.Count > 0)
            notice?.Invoke($"'{file}' has no weights for: {string.Join(", ", report.Missing)}");
        return report;
    }

    /// <summary>Uses another net's weights in place of its own, by layer name, from now on: what one changes the other
    /// sees. The gradients stay apart.</summary>
    /// <param name="other">The net whose weights are used; it must live as long.</param>
    /// <exception cref="CaffeException">A layer of the same name has other blobs.</exception>
    public void ShareWith(CaffeNet other) => Net.ShareTrainedLayersWith(other.Net);

    /// <summary>Writes the weights; the file appears whole or not at all.</summary>
    /// <param name="path">The file; a name that ends with <c>.h5</c> makes it HDF5, any other a
    /// <c>.caffemodel</c>.</param>
    /// <param name="withDiff">Whether gradients are written too. Default false.</param>
    /// <exception cref="CaffeException">It cannot be written.</exception>
    public void Save(string path, bool withDiff = false) => WeightsFile.Write(path, NetWeights.Of(Net), withDiff);

    /// <summary>Shapes all blobs anew, after inputs were reshaped. Nothing is computed.</summary>
    public void Reshape() => Net.Reshape();

    /// <summary>Gives an input a shape and all blobs theirs.</summary>
    /// <param name="input">The input.</param>
    /// <param name="shape">Axis lengths, outermost first.</param>
    /// <exception cref="CaffeException">There is no such input, or the shapes do not fit.</exception>
    public void Reshape(string input, params ReadOnlySpan<int> shape)
    {
        InputBlob(input).Reshape(shape);
        Net.Reshape();
    }

    /// <summary>Gives the first MemoryData layer its images and labels. They are not copied.</summary>
    /// <param name="images">Images of the layer's size: a multiple of its batch size.</param>
    /// <param name="labels">As many labels.</param>
    /// <exception cref="CaffeException">There is no such layer, or the numbers do not fit.</exception>
    public void SetInputArrays(NdArray images, NdArray labels)
    {
        if (Layers.Select(layer => layer.Layer).OfType<MemoryDataLayer>().FirstOrDefault() is not { } layer)
            throw Fail(ErrorCodes.BadNet, "the net has no MemoryData layer that images could be given to");
        layer.Reset(images.Values, labels.Values, labels.Count);
    }

    /// <summary>Sets the gradients of all learnable blobs to zero.</summary>
    public void ClearParamDiffs() => Net.ClearParamDiffs();

    /// <inheritdoc/>
    public void Dispose()
    {
        Net.Dispose();
        foreach (IDisposable? device in _devices)
            device?.Dispose();
    }

    private static CaffeException Fail(string code, string message) =>
        new(code, FailureKind.Configuration, message);

    private OrderedDictionary<string, Blob> Select(IEnumerable<string> names) =>
        new(names.Distinct().Select(name => KeyValuePair.Create(name, Net.Blob(name))));
}
