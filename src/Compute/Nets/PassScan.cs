using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Looks at what each layer of a net leaves behind, as it runs: where the first value is that is NaN or infinite, and
/// which layers that can die put out zeros alone. It reads every blob once, on the device of its layer, which takes
/// some hundredths of a pass. Layers of one net may run on different threads; whoever asks must know that they have
/// run.
/// </summary>
public sealed unsafe class PassScan
{
    private const int None = -1;

    private readonly Net _net;

    // By rank: the first top, and the first gradient (of bottoms, then of parameters), that is not finite.
    private readonly int[] _badTop;
    private readonly int[] _badGradient;
    private readonly bool[] _hasRun;
    private readonly bool[] _isAlive;

    /// <summary>Makes a scan of a net.</summary>
    /// <param name="net">The net.</param>
    public PassScan(Net net)
    {
        _net = net;
        int layers = net.Layers.Count;
        (_badTop, _badGradient) = (new int[layers], new int[layers]);
        (_hasRun, _isAlive) = (new bool[layers], new bool[layers]);
        Clear();
    }

    /// <summary>Whether gradients are not looked at. Default false.</summary>
    public bool IgnoresGradients { get; init; }

    /// <summary>Where the first value that is not finite was found, in the order of computing: forward by rising rank,
    /// then backward by falling rank; null for none.</summary>
    public PassFault? Fault
    {
        get
        {
            foreach (NetLayer layer in _net.Layers)
            {
                if (_badTop[layer.Rank] is var top and not None)
                    return new PassFault($"top '{layer.TopNames[top]}' of layer '{layer.Name}'", IsBackward: false);
            }

            foreach (NetLayer layer in _net.Layers.Reverse())
            {
                if (_badGradient[layer.Rank] is var gradient and not None)
                    return new PassFault($"the gradient of {NameOf(layer, gradient)}", IsBackward: true);
            }

            return null;
        }
    }

    /// <summary>Forgets all that was found.</summary>
    public void Clear()
    {
        Array.Fill(_badTop, None);
        Array.Fill(_badGradient, None);
        Array.Clear(_hasRun);
        Array.Clear(_isAlive);
    }

    /// <summary>Whether a layer that can die has run since <see cref="Clear"/> and put out nothing but zeros.</summary>
    /// <param name="rank">The layer.</param>
    public bool IsDead(int rank) =>
        _net.Layers[rank].Layer is ICanDie { CanDie: true } && _hasRun[rank] && !_isAlive[rank];

    /// <summary>Looks at the tops of a layer that has run forward.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>Whether all values are finite.</returns>
    public bool LookForward(NetLayer layer)
    {
        _hasRun[layer.Rank] = true;
        for (int t = 0; t < layer.Top.Length; t++)
        {
            _isAlive[layer.Rank] |= Largest(layer.Layer, layer.Top[t], diff: false, out bool finite) > 0;
            if (!finite && _badTop[layer.Rank] == None)
                _badTop[layer.Rank] = t;
        }

        return _badTop[layer.Rank] == None;
    }

    /// <summary>Looks at the gradients that a layer which has run backward has computed: of its bottoms and, with what
    /// was added up before, of its parameters.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>Whether all values are finite.</returns>
    public bool LookBackward(NetLayer layer)
    {
        if (IgnoresGradients)
            return true;
        for (int b = 0; b < layer.Bottom.Length; b++)
        {
            if (layer.BottomNeedBackward[b])
                Note(layer, layer.Bottom[b], b);
        }

        for (int i = 0; i < layer.Layer.Blobs.Count; i++)
        {
            if (layer.Layer.ParamPropagateDown[i])
                Note(layer, layer.Layer.Blobs[i], layer.Bottom.Length + i);
        }

        return _badGradient[layer.Rank] == None;
    }

    private static string NameOf(NetLayer layer, int gradient) => gradient < layer.Bottom.Length
        ? $"bottom '{layer.BottomNames[gradient]}' of layer '{layer.Name}'"
        : $"parameter {gradient - layer.Bottom.Length} of layer '{layer.Name}'";

    private static float Largest(Layer layer, Blob blob, bool diff, out bool finite)
    {
        finite = true;
        if (blob.Count == 0)
            return 0;
        if (layer.Gpu is not { } gpu)
        {
            return MagnitudeScan.Largest(
                layer.Device, diff ? blob.CpuDiff : blob.CpuData, blob.Count, out finite);
        }

        using var found = new Blob();
        LargestMagnitude.Queue(gpu, diff ? blob.GpuDiff(gpu) : blob.GpuData(gpu), blob.Count, found);
        return LargestMagnitude.Read(found, out finite);
    }

    private void Note(NetLayer layer, Blob blob, int number)
    {
        Largest(layer.Layer, blob, diff: true, out bool finite);
        if (!finite && _badGradient[layer.Rank] == None)
            _badGradient[layer.Rank] = number;
    }
}
