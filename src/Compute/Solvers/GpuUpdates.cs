using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// What an optimizer keeps on one accelerator besides the history: sums over each parameter, and for each whether its
/// update was in range. Kernels write them; they come to the host for all parameters at once, when they are asked for.
/// </summary>
/// <param name="gpu">The accelerator.</param>
/// <param name="count">Number of the optimizer's parameters.</param>
internal sealed unsafe class GpuUpdates(GpuDevice gpu, int count) : IDisposable
{
    private const int SumsEach = 4;

    private readonly float[] _sums = GC.AllocateArray<float>(SumsEach * count, pinned: true);
    private readonly GpuHostView _sumsView = new(gpu);
    private readonly int[] _notFinite = GC.AllocateArray<int>(count, pinned: true);
    private readonly GpuHostView _notFiniteView = new(gpu);
    private readonly int[] _updates = new int[count];

    // The sums, and behind them the marks.
    private MemoryBuffer1D<float, Stride1D.Dense>? _buffer;
    private bool _marksAreStale;
    private bool _sumsAreStale;

    /// <summary>The accelerator.</summary>
    public GpuDevice Gpu => gpu;

    // Made by the thread that works with the accelerator, which need not be the one that makes the optimizer.
    private ArrayView<float> Memory
    {
        get
        {
            if (_buffer is null)
            {
                _buffer = gpu.Rent((SumsEach + 1L) * count * sizeof(float));
                _buffer.View.BaseView.MemSetToZero(gpu.Stream);
            }

            return _buffer.View;
        }
    }

    private ArrayView<int> Marks => Memory.SubView(SumsEach * count, count).Cast<int>();

    /// <summary>Queues an update of a parameter.</summary>
    /// <param name="index">Which.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="memory">The parameter.</param>
    /// <param name="elements">Its count.</param>
    /// <param name="update">What is done.</param>
    public void Update(
        int index, UpdateRule rule, in GpuParamMemory memory, int elements, in ParamUpdate update)
    {
        // The mark is the update's number, so that none needs to be cleared.
        rule.Update(gpu, memory, elements, update, Marks.SubView(index, 1), ++_updates[index]);
        _marksAreStale = true;
    }

    /// <summary>Whether an element was out of range in the last update of a parameter. Waits for it.</summary>
    /// <param name="index">Which.</param>
    public bool IsNotFinite(int index)
    {
        if (_marksAreStale)
        {
            ArrayView<byte> marks = Marks.Cast<byte>();
            fixed (int* target = _notFinite)
                gpu.CopyToHost(marks, _notFiniteView.Of(target, marks.Length));
            _marksAreStale = false;
        }

        return _updates[index] > 0 && _notFinite[index] == _updates[index];
    }

    /// <summary>Queues the sum of the squares of a gradient.</summary>
    /// <param name="index">Whose.</param>
    /// <param name="blob">The parameter.</param>
    public void QueueSquares(int index, Blob blob)
    {
        RowSums.Run(gpu, 1, blob.Count, new SquareTerm(blob.GpuDiff(gpu)), Target(index, 1));
        _sumsAreStale = true;
    }

    /// <summary>Queues all sums over a parameter.</summary>
    /// <param name="index">Which.</param>
    /// <param name="blob">The parameter.</param>
    /// <param name="history">The first block of its history.</param>
    /// <param name="withHistory">Whether those of the history are wanted.</param>
    public void QueueSums(int index, Blob blob, Blob history, bool withHistory)
    {
        Values weights = blob.GpuData(gpu), gradient = blob.GpuDiff(gpu);
        int sums = withHistory ? SumsEach : 2;
        RowSums.Run(gpu, sums, blob.Count,
            new SumsTerm(weights, gradient, withHistory ? history.GpuData(gpu) : Values.None), Target(index, sums));
        _sumsAreStale = true;
    }

    /// <summary>Brings the sums queued to the host, if there are any.</summary>
    public void ReadSums()
    {
        if (!_sumsAreStale)
            return;
        _sumsAreStale = false;
        ArrayView<byte> sums = Memory.SubView(0, SumsEach * count).Cast<byte>();
        fixed (float* target = _sums)
            gpu.CopyToHost(sums, _sumsView.Of(target, sums.Length));
    }

    /// <summary>The sum of squares queued and read.</summary>
    /// <param name="index">Of which parameter.</param>
    public double SquaresOf(int index) => _sums[SumsEach * index];

    /// <summary>The sums queued and read.</summary>
    /// <param name="index">Of which parameter.</param>
    /// <param name="withHistory">Whether those of the history were wanted.</param>
    public ParamSums SumsOf(int index, bool withHistory)
    {
        ReadOnlySpan<float> sums = _sums.AsSpan(SumsEach * index, SumsEach);
        return withHistory ? new(sums[0], sums[1], sums[2], sums[3]) : new(sums[0], sums[1], 0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
            gpu.Return(_buffer);
        _buffer = null;
    }

    private Values Target(int index, int sums) => new(Memory.SubView(SumsEach * index, sums), StorageType.Float32);

    internal readonly struct SquareTerm(Values values) : IGpuTerm
    {
        public float At(int row, int k) => values[k] * values[k];
    }

    // One sum a row, in the order of ParamSums.
    internal readonly struct SumsTerm(Values weights, Values gradient, Values history) : IGpuTerm
    {
        public float At(int row, int k)
        {
            if (row == 0)
                return weights[k] * weights[k];
            if (row == 1)
                return gradient[k] * gradient[k];
            return history[k] * (row == 2 ? history[k] : gradient[k]);
        }
    }
}
