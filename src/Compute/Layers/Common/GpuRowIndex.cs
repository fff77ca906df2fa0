using CaffeActors.Compute.Backends.Gpu;
using ILGPU;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Rows of a matrix chosen by a list of indices, on an accelerator: what <see cref="IndexedRows"/> is on the CPU. The
/// list is read and ordered on the host, and goes to the accelerator only when it changes.
/// </summary>
internal sealed class GpuRowIndex : IDisposable
{
    private readonly GpuTable _table = new();

    // The indices; then their places, those of equal ones together in rising order; then for each such group its row,
    // and where its places begin.
    private int[] _numbers = new int[1];
    private int[] _next = [];

    // For each row of the matrix its group, from 1; 0 between calls.
    private int[] _groupOf = [];
    private int _count;
    private int _groups;

    /// <summary>Takes a list.</summary>
    /// <param name="indices">The indices, each a row of the matrix; fractions are cut off.</param>
    /// <param name="rows">Rows of the matrix.</param>
    public void Set(ReadOnlySpan<float> indices, int rows)
    {
        _count = indices.Length;
        if (_next.Length < _count)
            (_numbers, _next) = (new int[(4 * _count) + 1], new int[_count]);
        if (_groupOf.Length < rows)
            _groupOf = new int[rows];
        Span<int> rowOf = _numbers.AsSpan(0, _count), places = _numbers.AsSpan(_count, _count);
        Span<int> groupRows = _numbers.AsSpan(2 * _count, _count);
        _groups = 0;
        for (int i = 0; i < _count; i++)
        {
            int row = rowOf[i] = (int)indices[i];
            if (_groupOf[row] == 0)
            {
                groupRows[_groups] = row;
                _next[_groups] = 0;
                _groupOf[row] = ++_groups;
            }

            _next[_groupOf[row] - 1]++;
        }

        Span<int> starts = _numbers.AsSpan((2 * _count) + _groups, _groups + 1);
        starts[0] = 0;
        for (int group = 0; group < _groups; group++)
        {
            starts[group + 1] = starts[group] + _next[group];
            _next[group] = starts[group];
        }

        for (int i = 0; i < _count; i++)
            places[_next[_groupOf[rowOf[i]] - 1]++] = i;
        for (int group = 0; group < _groups; group++)
            _groupOf[groupRows[group]] = 0;
    }

    /// <summary>Queues target[i, :] = source[index i, :].</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="source">The matrix.</param>
    /// <param name="length">Numbers of a row.</param>
    /// <param name="target">Takes the rows.</param>
    public void Gather(GpuDevice gpu, Values source, int length, Values target) =>
        gpu.Run(_count * length, new GatherBody(source, Table(gpu), length, Values.None, 0, target));

    /// <summary>Queues target[i, :] = source[index i, :] + bias.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="source">The matrix.</param>
    /// <param name="length">Numbers of a row.</param>
    /// <param name="bias">Added to each row.</param>
    /// <param name="target">Takes the rows.</param>
    public void Gather(GpuDevice gpu, Values source, int length, Values bias, Values target) =>
        gpu.Run(_count * length, new GatherBody(source, Table(gpu), length, bias, 1, target));

    /// <summary>Queues target[index i, :] += source[i, :], for each row of the target in the order of the
    /// indices.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="source">Rows to add.</param>
    /// <param name="length">Numbers of a row.</param>
    /// <param name="target">The matrix.</param>
    public void ScatterAdd(GpuDevice gpu, Values source, int length, Values target) =>
        gpu.Run(_groups * length, new ScatterBody(source, Table(gpu), _count, _groups, length, target));

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private ArrayView<int> Table(GpuDevice gpu) => _table.On(gpu, _numbers.AsSpan(0, (2 * (_count + _groups)) + 1));

    internal readonly struct GatherBody(
        Values source, ArrayView<int> table, int length, Values bias, int hasBias, Values target) : IGpuBody
    {
        public void Invoke(int i)
        {
            int column = i % length;
            float value = source[(table[i / length] * length) + column];
            target.Set(i, hasBias != 0 ? value + bias[column] : value);
        }
    }

    internal readonly struct ScatterBody(
        Values source, ArrayView<int> table, int count, int groups, int length, Values target) : IGpuBody
    {
        public void Invoke(int i)
        {
            int group = i / length, column = i % length;
            int from = table[(2 * count) + groups + group], to = table[(2 * count) + groups + group + 1];
            int at = (table[(2 * count) + group] * length) + column;
            float sum = target[at];
            for (int k = from; k < to; k++)
                sum += source[(table[count + k] * length) + column];
            target.Set(at, sum);
        }
    }
}
