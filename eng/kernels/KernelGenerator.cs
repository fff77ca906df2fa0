using System.Text;

namespace CaffeActors.Kernels;

/// <summary>
/// Writes the C# source of the matrix kernels. Every accumulator of a kernel must be a local of its own: arrays,
/// inline arrays and stackalloc keep the JIT from holding them in registers and cost two to four times the speed.
/// </summary>
public static class KernelGenerator
{
    /// <summary>All generated files: name and text.</summary>
    public static IReadOnlyDictionary<string, string> Files() =>
        new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["Vector512Kernels.g.cs"] = Family(new Registers(512, 1), tileRows: 14, dotRows: 6, axpyRows: 2),
            ["Vector256Kernels.g.cs"] = Family(new Registers(256, 1), tileRows: 6, dotRows: 2, axpyRows: 1),
            ["Vector128Kernels.g.cs"] = Family(new Registers(128, 2), tileRows: 6, dotRows: 3, axpyRows: 1),
            ["Transpose16.g.cs"] = TransposeGenerator.Text(),
        };

    private static string Family(Registers registers, int tileRows, int dotRows, int axpyRows)
    {
        var o = new StringBuilder();
        o.Header("System.Runtime.Intrinsics", "System.Runtime.Intrinsics.X86");
        o.Line($"internal static unsafe class {registers.Vector}Kernels");
        o.Line("{");
        for (int rows = 1; rows <= tileRows; rows++)
        {
            TileGenerator.Tile(o, registers, rows, 1);
            TileGenerator.Tile(o, registers, rows, 2);
            TileGenerator.BlockTile(o, registers, rows, 1);
            TileGenerator.BlockTile(o, registers, rows, 2);
            TileGenerator.Stream(o, registers, rows);
        }

        for (int rows = 1; rows <= dotRows; rows++)
        {
            RowGenerator.Dot(o, registers, rows, 4);
            RowGenerator.Dot(o, registers, rows, 1);
        }

        for (int rows = 1; rows <= axpyRows; rows++)
        {
            foreach (int depth in (int[])[8, 4, 2, 1])
                RowGenerator.Axpy(o, registers, rows, depth);
        }

        Tables(o, tileRows, dotRows, axpyRows);
        o.Line("}");
        return o.ToString();
    }

    private static void Tables(StringBuilder o, int tileRows, int dotRows, int axpyRows)
    {
        Table(o, "Tiles", "nint, float*, float*, float*, nint, float*, int, int, void",
            "Kernels by 2 * (rows - 1) + units - 1.",
            Range(tileRows).SelectMany(rows => Range(2).Select(units => $"Tile{rows}x{units}")));
        o.Line();
        Table(o, "BlockTiles", "nint, float*, float*, float*, nint, float*, void",
            "Kernels by 2 * (rows - 1) + units - 1.",
            Range(tileRows).SelectMany(rows => Range(2).Select(units => $"BlockTile{rows}x{units}")));
        o.Line();
        Table(o, "Streams", "nint, float*, float*, nint, float*, nint, float*, int, float, float*, float*, nint*, void",
            "Kernels by rows - 1.",
            Range(tileRows).Select(rows => $"Stream{rows}"));
        o.Line();
        Table(o, "Dots", "nint, float*, float*, nint, float*, nint, float, float, float*, float*, float*, float*, void",
            "Kernels by 2 * (rows - 1), of four columns, then of one.",
            Range(dotRows).SelectMany(rows => (string[])[$"Dot{rows}x4", $"Dot{rows}x1"]));
        o.Line();
        Table(o, "Axpys", "nint, float*, nint, float, float*, nint, float*, nint, void",
            "Kernels by 4 * (rows - 1) + binary logarithm of the depth.",
            Range(axpyRows).SelectMany(rows => Range(4).Select(log2 => $"Axpy{rows}x{1 << (log2 - 1)}")));
    }

    private static void Table(StringBuilder o, string name, string types, string comment, IEnumerable<string> methods)
    {
        o.Line($"    // {comment}");
        o.Line($"    internal static delegate*<{types}>[] {name}() =>");
        o.Line("    [");
        foreach (string method in methods)
            o.Line($"        &{method},");
        o.Line("    ];");
    }

    private static IEnumerable<int> Range(int count) => Enumerable.Range(1, count);
}
