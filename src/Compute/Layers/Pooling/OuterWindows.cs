namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Windows over the spatial axes before the last two, whose places are slices of a plane: which slices belong to each
/// window, in rising order, and what an average divides by. With two spatial axes or fewer: one window of one slice.
/// Immutable.
/// </summary>
internal sealed class OuterWindows
{
    private readonly int[] _starts;
    private readonly int[] _members;
    private readonly float[] _divisors;

    /// <summary>Lists the windows.</summary>
    /// <param name="axes">The axes, outermost first.</param>
    public OuterWindows(params ReadOnlySpan<PoolingAxis> axes)
    {
        (Slices, Count) = (1, 1);
        foreach (PoolingAxis axis in axes)
        {
            Slices = checked(Slices * axis.Length);
            Count = checked(Count * axis.Pooled);
        }

        _starts = new int[Count + 1];
        _divisors = new float[Count];
        List<int> members = [];
        for (int window = 0; window < Count; window++)
        {
            _starts[window] = members.Count;
            _divisors[window] = 1;
            List<int> slices = [0];
            int rest = window, step = 1;
            for (int a = axes.Length - 1; a >= 0; a--)
            {
                (rest, int index) = Math.DivRem(rest, axes[a].Pooled);
                (int start, int end) = axes[a].RangeOf(index);
                _divisors[window] *= axes[a].DivisorOf(index);
                slices = [.. Enumerable.Range(start, Math.Max(0, end - start))
                    .SelectMany(place => slices.Select(slice => (place * step) + slice))];
                step *= axes[a].Length;
            }

            members.AddRange(slices);
        }

        _starts[Count] = members.Count;
        _members = [.. members];
    }

    /// <summary>Number of slices of a plane.</summary>
    public int Slices { get; }

    /// <summary>Number of windows.</summary>
    public int Count { get; }

    /// <summary>Whether a plane is one slice.</summary>
    public bool IsOne => Slices == 1 && Count == 1;

    /// <summary>The slices of a window; none where it lies outside.</summary>
    public ReadOnlySpan<int> MembersOf(int window) =>
        _members.AsSpan(_starts[window], _starts[window + 1] - _starts[window]);

    /// <summary>The number of slices by which an average divides; padding counts, what lies beyond it does
    /// not.</summary>
    public float DivisorOf(int window) => _divisors[window];

    /// <summary>
    /// All of it as whole numbers, for an accelerator: for each window the entry its slices begin at, and one for the
    /// end; the bits of the windows' divisors; for each slice the entry its windows begin at, and one for the end;
    /// and then the slices of each window, and the windows of each slice.
    /// </summary>
    public int[] Table()
    {
        int[][] windows = [.. Enumerable.Range(0, Slices).Select(slice =>
            Enumerable.Range(0, Count).Where(window => MembersOf(window).Contains(slice)).ToArray())];
        int members = (2 * Count) + Slices + 2, next = members + _members.Length;
        List<int> table = [.. _starts.Select(start => members + start), .. _divisors.Select(BitConverter.SingleToInt32Bits)];
        foreach (int[] of in windows)
        {
            table.Add(next);
            next += of.Length;
        }

        return [.. table, next, .. _members, .. windows.SelectMany(static of => of)];
    }
}
