using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Convolution;

/// <summary>
/// Where the numbers lie that a convolution multiplies at some places of a plane, by any number of spatial axes: tables
/// over the last axis and over all axes before it, so that a pair of a place and a kernel cell takes two look-ups and no
/// division. Immutable, but for its memory on an accelerator.
/// </summary>
internal sealed class PatchTable : IDisposable
{
    private readonly GpuTable _table = new();
    private readonly int[] _values;
    private readonly int _outerPlaces;
    private readonly int _lastPlaces;
    private readonly int _outerCells;
    private readonly int _lastCells;

    /// <summary>Lists the places and cells of some cuts, outermost axis first, at least two.</summary>
    public PatchTable(params AxisCut[] cuts)
    {
        AxisCut last = cuts[^1];
        AxisCut outer = cuts[..^1].Aggregate(Joined);
        (_outerPlaces, _outerCells) = (outer.Places.Length, outer.Cells.Length);
        (_lastPlaces, _lastCells) = (last.Places.Length, last.Cells.Length);
        _values =
        [
            .. outer.Partners.Select(partner => partner < 0 ? -1 : checked(partner * last.Other)),
            .. last.Partners,
            .. outer.Places.Select(place => checked(place * last.Side)),
            .. last.Places,
            .. outer.Cells.SelectMany(o => last.Cells.Select(l => checked((o * last.Kernel) + l))),
            0,
        ];
    }

    /// <summary>Number of places.</summary>
    public int Places => checked(_outerPlaces * _lastPlaces);

    /// <summary>Number of cells; 0 where the kernel meets nothing.</summary>
    public int Cells => checked(_outerCells * _lastCells);

    /// <summary>The tables in an accelerator's memory.</summary>
    public PatchView On(GpuDevice gpu) =>
        new(_table.On(gpu, _values), _outerPlaces, _lastPlaces, _outerCells, _lastCells);

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    // Two axes as one.
    private static AxisCut Joined(AxisCut first, AxisCut second)
    {
        int[] places = [.. first.Places.SelectMany(a => second.Places.Select(b => checked((a * second.Side) + b)))];
        int[] cells = [.. first.Cells.SelectMany(a => second.Cells.Select(b => checked((a * second.Kernel) + b)))];
        List<int> partners = new(places.Length * cells.Length);
        for (int cell = 0; cell < cells.Length; cell++)
        {
            (int firstCell, int secondCell) = Math.DivRem(cell, second.Cells.Length);
            for (int place = 0; place < places.Length; place++)
            {
                (int firstPlace, int secondPlace) = Math.DivRem(place, second.Places.Length);
                int a = first.Partners[(firstCell * first.Places.Length) + firstPlace];
                int b = second.Partners[(secondCell * second.Places.Length) + secondPlace];
                partners.Add(a < 0 || b < 0 ? -1 : checked((a * second.Other) + b));
            }
        }

        return new(places, cells, checked(first.Side * second.Side), checked(first.Other * second.Other),
            checked(first.Kernel * second.Kernel), [.. partners]);
    }
}

/// <summary>What kernels see of a <see cref="PatchTable"/>.</summary>
internal readonly struct PatchView
{
    private readonly ArrayView<int> _table;
    private readonly GpuDivisor _places;
    private readonly GpuDivisor _lastPlaces;
    private readonly GpuDivisor _cells;
    private readonly GpuDivisor _lastCells;

    private readonly int _hasCells;

    // Where the tables begin: partners along the last axis, planes' offsets of outer and last places, kernel cells.
    private readonly int _last;
    private readonly int _outerPlace;
    private readonly int _lastPlace;
    private readonly int _cell;
    private readonly int _outerPlaces;

    public PatchView(ArrayView<int> table, int outerPlaces, int lastPlaces, int outerCells, int lastCells)
    {
        _table = table;
        _places = new GpuDivisor(Math.Max(1, outerPlaces * lastPlaces));
        _lastPlaces = new GpuDivisor(Math.Max(1, lastPlaces));
        _cells = new GpuDivisor(Math.Max(1, outerCells * lastCells));
        _lastCells = new GpuDivisor(Math.Max(1, lastCells));
        _outerPlaces = outerPlaces;
        _hasCells = outerCells * lastCells;
        _last = outerPlaces * outerCells;
        _outerPlace = _last + (lastPlaces * lastCells);
        _lastPlace = _outerPlace + outerPlaces;
        _cell = _lastPlace + lastPlaces;
    }

    /// <summary>Divides by the number of places.</summary>
    public GpuDivisor Places => _places;

    /// <summary>Divides by the number of cells.</summary>
    public GpuDivisor Cells => _cells;

    /// <summary>Whether there is any cell: else <see cref="Cells"/> divides by one.</summary>
    public bool HasCells => _hasCells != 0;

    /// <summary>A place by its number, with a number of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Place(int x, int place)
    {
        int outer = _lastPlaces.Quotient(place);
        return new(x, outer, _last + _lastPlaces.Rest(place, outer));
    }

    /// <summary>A cell by its number, with a number of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Cell(int x, int cell)
    {
        int outer = _lastCells.Quotient(cell);
        return new(x, outer * _outerPlaces, _lastCells.Rest(cell, outer) * _lastPlaces.Divisor);
    }

    /// <summary>The partner of a place and a cell on its plane; negative where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Partner(GpuCursor place, GpuCursor cell)
    {
        int row = _table[place.Y + cell.Y], column = _table[place.Z + cell.Z];
        return (row | column) < 0 ? -1 : row + column;
    }

    /// <summary>Where a place lies on its own plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int OffsetOf(int place)
    {
        int outer = _lastPlaces.Quotient(place);
        return _table[_outerPlace + outer] + _table[_lastPlace + _lastPlaces.Rest(place, outer)];
    }

    /// <summary>The number of a cell among all cells of the kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int KernelCell(int cell) => _table[_cell + cell];
}
