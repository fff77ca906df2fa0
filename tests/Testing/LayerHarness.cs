using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Testing;

/// <summary>One layer with its bottoms and tops, set up and ready to run: what most layer tests need.</summary>
public sealed class LayerHarness : IDisposable
{
    private readonly CpuDevice _device;

    /// <summary>Makes the layer of a message through the catalogue and sets it up.</summary>
    /// <param name="parameter">The layer's message; its phase is TRAIN where it is not set.</param>
    /// <param name="bottom">Bottoms with their data.</param>
    /// <param name="tops">Number of tops.</param>
    /// <param name="inPlace">Whether top 0 is bottom 0.</param>
    /// <param name="threads">Threads of the device.</param>
    /// <param name="catalog">Where layer types come from; Compute's by default.</param>
    public LayerHarness(
        LayerParameter parameter, Blob[] bottom, int tops = 1, bool inPlace = false, int threads = 2,
        LayerCatalog? catalog = null)
        : this(parameter, bottom, tops, inPlace, TestDevices.Gpu, threads, catalog)
    {
    }

    internal LayerHarness(
        LayerParameter parameter, Blob[] bottom, int tops, bool inPlace, GpuDevice? device, int threads = 2,
        LayerCatalog? catalog = null)
    {
        parameter = parameter.Clone();
        if (!parameter.HasPhase)
            parameter.Phase = Phase.Train;
        if (!parameter.HasName)
            parameter.Name = "layer";
        _device = new CpuDevice(threads);
        Context = new LayerContext(_device, seed: 1701) { Gpu = device };
        device?.Bind();
        Bottom = bottom;
        Top = [.. Enumerable.Range(0, tops).Select(i => inPlace && i == 0 ? bottom[0] : new Blob())];
        Layer = (catalog ?? LayerCatalog.Compute).Create(parameter);
        try
        {
            Layer.SetUp(Context, Bottom, Top);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The layer.</summary>
    public Layer Layer { get; }

    /// <summary>What the layer was set up with.</summary>
    public LayerContext Context { get; }

    /// <summary>The bottoms.</summary>
    public Blob[] Bottom { get; }

    /// <summary>The tops.</summary>
    public Blob[] Top { get; }

    /// <summary>Runs forward.</summary>
    /// <returns>The weighted loss.</returns>
    public float Forward() => Layer.Forward(Bottom, Top);

    /// <summary>Runs backward with the tops' present diffs, for all bottoms or those given.</summary>
    public void Backward(params bool[] propagateDown) =>
        Layer.Backward(Top, propagateDown.Length > 0 ? propagateDown : [.. Bottom.Select(_ => true)], Bottom);

    /// <summary>A blob with values of a fixed pseudo-random sequence, uniform between two bounds.</summary>
    public static Blob RandomBlob(int seed, ReadOnlySpan<int> shape, float min = -1, float max = 1)
    {
        var blob = new Blob(shape);
        FillRandom(blob.MutableData, seed, min, max);
        return blob;
    }

    /// <summary>Fills a blob's values with what <see cref="RandomBlob"/> of the same seed has. A blob that nobody holds
    /// any more frees its memory whenever the collector likes, so none is made only to be copied from.</summary>
    public static void FillRandom(Span<float> target, int seed, float min = -1, float max = 1)
    {
        var draw = new Compute.Random.RandomDraw(42, (ulong)seed, 0);
        for (int i = 0; i < target.Length; i++)
            target[i] = min + ((max - min) * draw.Float((uint)i));
    }

    /// <summary>A blob with the given values.</summary>
    public static Blob BlobOf(ReadOnlySpan<int> shape, params ReadOnlySpan<float> values)
    {
        var blob = new Blob(shape);
        values.CopyTo(blob.MutableData);
        return blob;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Layer?.Dispose();
        _device.Dispose();
        foreach (Blob blob in Bottom.Concat(Top))
            blob.Dispose();
    }
}
