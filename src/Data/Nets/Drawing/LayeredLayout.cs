namespace CaffeActors.Data.Nets.Drawing;

/// <summary>
/// Lays boxes out in ranks, as Sugiyama's method does: each box one rank behind the last of those it reads from, few
/// crossings, arrows as straight as they can be. An arrow over several ranks has a bend in each rank between. The same
/// boxes always lie in the same way.
/// </summary>
/// <remarks>"Across" is the axis along a rank, "along" the one on which ranks follow each other.</remarks>
internal sealed class LayeredLayout
{
    private const int OrderSweeps = 16;
    private const int PlaceSweeps = 80;

    private readonly List<List<LayoutCell>> _ranks = [];
    private readonly double _gap;

    /// <summary>Lays out.</summary>
    /// <param name="breadths">The extent of each box across.</param>
    /// <param name="arrows">Arrows between boxes, each to a later one, none twice.</param>
    /// <param name="gap">The least distance of two neighbours in a rank.</param>
    public LayeredLayout(IReadOnlyList<double> breadths, IReadOnlyList<(int From, int To)> arrows, double gap)
    {
        _gap = gap;
        int[] ranks = Ranks(breadths.Count, arrows);
        LayoutCell[] cells = [.. breadths.Select((breadth, box) => new LayoutCell(box, ranks[box], breadth))];
        var bends = new Dictionary<(int, int), IReadOnlyList<LayoutCell>>();
        for (int r = 0; r <= ranks.DefaultIfEmpty(-1).Max(); r++)
            _ranks.Add([]);
        foreach (LayoutCell cell in cells)
        {
            Append(cell);
            foreach ((int from, int to) in arrows.Where(arrow => arrow.From == cell.Box))
                bends[(from, to)] = Connect(cell, cells[to]);
        }

        Boxes = cells;
        Bends = bends;
        ReduceCrossings();
        Place();
    }

    /// <summary>The boxes, by their number.</summary>
    public IReadOnlyList<LayoutCell> Boxes { get; }

    /// <summary>The bends of each arrow, from its beginning to its end; none where it leads to the next rank.</summary>
    public IReadOnlyDictionary<(int From, int To), IReadOnlyList<LayoutCell>> Bends { get; }

    /// <summary>How many ranks there are.</summary>
    public int RankCount => _ranks.Count;

    /// <summary>Crossings of arrows that are left.</summary>
    public int Crossings => _ranks.Sum(CrossingsBefore);

    private static int[] Ranks(int count, IReadOnlyList<(int From, int To)> arrows)
    {
        var ranks = new int[count];
        foreach ((int from, int to) in arrows.OrderBy(arrow => arrow.To))
            ranks[to] = Math.Max(ranks[to], ranks[from] + 1);
        // What reads nothing stands right before its first reader.
        for (int box = count - 1; box >= 0; box--)
        {
            if (!arrows.Any(arrow => arrow.To == box) && arrows.Any(arrow => arrow.From == box))
                ranks[box] = arrows.Where(arrow => arrow.From == box).Min(arrow => ranks[arrow.To]) - 1;
        }

        return ranks;
    }

    private void Append(LayoutCell cell)
    {
        cell.Order = _ranks[cell.Rank].Count;
        _ranks[cell.Rank].Add(cell);
    }

    private List<LayoutCell> Connect(LayoutCell from, LayoutCell to)
    {
        List<LayoutCell> bends = [];
        LayoutCell last = from;
        for (int rank = from.Rank + 1; rank < to.Rank; rank++)
        {
            var bend = new LayoutCell(LayoutCell.Bend, rank, breadth: 0);
            Append(bend);
            bends.Add(bend);
            last.Link(bend);
            last = bend;
        }

        last.Link(to);
        return bends;
    }

    private void ReduceCrossings()
    {
        LayoutCell[][] best = Copy();
        int least = Crossings;
        for (int sweep = 0; sweep < OrderSweeps && least > 0; sweep++)
        {
            bool down = sweep % 2 == 0;
            foreach (List<LayoutCell> rank in down ? _ranks : Enumerable.Reverse(_ranks))
            {
                SortByNeighbours(rank, down);
                SwapNeighbours(rank);
            }

            if (Crossings >= least)
                continue;
            least = Crossings;
            best = Copy();
        }

        for (int r = 0; r < _ranks.Count; r++)
            Take(_ranks[r], best[r]);
    }

    private LayoutCell[][] Copy() => [.. _ranks.Select(rank => rank.ToArray())];

    private static void Take(List<LayoutCell> rank, IEnumerable<LayoutCell> order)
    {
        LayoutCell[] cells = [.. order];
        for (int i = 0; i < cells.Length; i++)
        {
            rank[i] = cells[i];
            cells[i].Order = i;
        }
    }

    private static void SortByNeighbours(List<LayoutCell> rank, bool down) =>
        Take(rank, rank.OrderBy(cell => (down ? cell.Before : cell.After) is { Count: > 0 } near
            ? near.Average(other => other.Order) : cell.Order));

    private static void SwapNeighbours(List<LayoutCell> rank)
    {
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = 0; i + 1 < rank.Count; i++)
            {
                (LayoutCell left, LayoutCell right) = (rank[i], rank[i + 1]);
                if (Crossed(right, left) >= Crossed(left, right))
                    continue;
                (rank[i], rank[i + 1]) = (right, left);
                (right.Order, left.Order) = (i, i + 1);
                changed = true;
            }
        }
    }

    // Crossings of the arrows of two neighbours, the one standing left of the other.
    private static int Crossed(LayoutCell left, LayoutCell right) =>
        left.Before.Sum(a => right.Before.Count(b => b.Order < a.Order))
        + left.After.Sum(a => right.After.Count(b => b.Order < a.Order));

    private static int CrossingsBefore(List<LayoutCell> rank)
    {
        int crossings = 0;
        for (int right = 1; right < rank.Count; right++)
        {
            for (int left = 0; left < right; left++)
                crossings += rank[left].Before.Sum(a => rank[right].Before.Count(b => b.Order < a.Order));
        }

        return crossings;
    }

    private void Place()
    {
        foreach (List<LayoutCell> rank in _ranks)
            Settle(rank, [.. rank.Select(static _ => 0.0)]);
        List<LayoutCell[]> chains = Chains();
        for (int sweep = 0; sweep < PlaceSweeps; sweep++)
        {
            // At first each rank follows the one side, then it stands between both.
            bool up = sweep % 2 == 1, both = sweep >= PlaceSweeps / 2;
            foreach (List<LayoutCell> rank in up ? Enumerable.Reverse(_ranks) : _ranks)
                Settle(rank, [.. rank.Select(cell => cell.Wanted(both || !up, both || up))]);
            if (both)
                chains.ForEach(Straighten);
        }

        LayoutCell[] cells = [.. _ranks.SelectMany(rank => rank)];
        double least = cells.Select(cell => cell.At - (cell.Breadth / 2)).DefaultIfEmpty(0).Min();
        foreach (LayoutCell cell in cells)
            cell.At -= least;
    }

    // What should stand in one line: the bends of an arrow, and boxes of which each leads to the next alone.
    private List<LayoutCell[]> Chains()
    {
        List<LayoutCell[]> chains = [];
        HashSet<LayoutCell> seen = [];
        foreach (LayoutCell first in _ranks.SelectMany(rank => rank))
        {
            List<LayoutCell> chain = [];
            for (LayoutCell? cell = first; cell is not null && seen.Add(cell); cell = cell.Heir)
                chain.Add(cell);
            if (chain.Count > 1)
                chains.Add([.. chain]);
        }

        return chains;
    }

    // As far as their neighbours let them.
    private void Straighten(LayoutCell[] chain)
    {
        double least = chain.Max(Least), most = chain.Min(Most);
        if (least > most)
            return;
        double at = Math.Clamp(chain.Average(cell => cell.At), least, most);
        foreach (LayoutCell cell in chain)
            cell.At = at;
    }

    private double Least(LayoutCell cell)
    {
        LayoutCell? left = _ranks[cell.Rank].ElementAtOrDefault(cell.Order - 1);
        return left is null ? double.NegativeInfinity : left.At + ((left.Breadth + cell.Breadth) / 2) + _gap;
    }

    private double Most(LayoutCell cell)
    {
        LayoutCell? right = _ranks[cell.Rank].ElementAtOrDefault(cell.Order + 1);
        return right is null ? double.PositiveInfinity : right.At - ((right.Breadth + cell.Breadth) / 2) - _gap;
    }

    // The places nearest to those wanted, in the sum of squares, that keep order and distances: cells that would
    // overlap are pooled and stand around their mean.
    private void Settle(List<LayoutCell> rank, double[] wanted)
    {
        var offsets = new double[rank.Count];
        List<(double Sum, int Count)> pools = [];
        for (int i = 0; i < rank.Count; i++)
        {
            if (i > 0)
                offsets[i] = offsets[i - 1] + ((rank[i - 1].Breadth + rank[i].Breadth) / 2) + _gap;
            pools.Add((wanted[i] - offsets[i], 1));
            while (pools.Count > 1 && pools[^2].Sum / pools[^2].Count > pools[^1].Sum / pools[^1].Count)
            {
                (double sum, int count) = pools[^1];
                pools.RemoveAt(pools.Count - 1);
                pools[^1] = (pools[^1].Sum + sum, pools[^1].Count + count);
            }
        }

        int at = 0;
        foreach ((double sum, int count) in pools)
        {
            for (int end = at + count; at < end; at++)
                rank[at].At = (sum / count) + offsets[at];
        }
    }
}
