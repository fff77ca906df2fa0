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
            ["Vector512Kernels.g.cs"] = Family(bits: 512, tileRows: 14, dotRows: 6, axpyRows: 2),
            ["Vector256Kernels.g.cs"] = Family(bits: 256, tileRows: 6, dotRows: 2, axpyRows: 1),
            ["Transpose16.g.cs"] = TransposeGenerator.Text(),
        };

    private static string Family(int bits, int tileRows, int dotRows, int axpyRows)
    {
        var o = new StringBuilder();
        string vector = $"Vector{bits}";
        int lanes = bits / 32;
        o.Header("System.Runtime.Intrinsics", "System.Runtime.Intrinsics.X86");
        o.Line($"internal static unsafe class {vector}Kernels");
        o.Line("{");
        for (int rows = 1; rows <= tileRows; rows++)
        {
            for (int vectors = 1; vectors <= 2; vectors++)
                Tile(o, vector, lanes, rows, vectors);
        }

        for (int rows = 1; rows <= tileRows; rows++)
        {
            for (int vectors = 1; vectors <= 2; vectors++)
                BlockTile(o, vector, lanes, rows, vectors);
        }

        for (int rows = 1; rows <= dotRows; rows++)
        {
            Dot(o, vector, lanes, rows, 4);
            Dot(o, vector, lanes, rows, 1);
        }

        for (int rows = 1; rows <= axpyRows; rows++)
        {
            foreach (int depth in (int[])[8, 4, 2, 1])
                Axpy(o, vector, lanes, rows, depth);
        }

        Tables(o, tileRows, dotRows, axpyRows);
        o.Line("}");
        return o.ToString();
    }

    // c[i, j] = init[i] + sum over k of a[k, i] * b[k, j], or the same added to c.
    private static void Tile(StringBuilder o, string vector, int lanes, int rows, int vectors)
    {
        o.Method(
            $"Tile{rows}x{vectors}",
            "nint k, float* a, float* b, float* c, nint ldc, float* init, int accumulate, int last");
        for (int i = 0; i < rows; i++)
        {
            string first = $"{vector}<float> c{i}_0 = {vector}.Create(init[{i}])";
            o.Line(vectors == 1 ? $"        {first};" : $"        {first}, c{i}_1 = c{i}_0;");
        }

        // C is read or written only at the end: let it come meanwhile.
        o.Line("        if (Sse.IsSupported)");
        o.Line("        {");
        o.Line("            float* p = c;");
        for (int i = 0; i < rows; i++)
        {
            o.Line("            Sse.Prefetch0(p);");
            if (vectors == 2)
                o.Line($"            Sse.Prefetch0(p + {(2 * lanes) - 1});");
            if (i < rows - 1)
                o.Line("            p += ldc;");
        }

        o.Line("        }");
        o.Line();
        o.Line("        for (; k > 0; k--)");
        o.Line("        {");
        for (int j = 0; j < vectors; j++)
            o.Line($"            {vector}<float> b{j} = {vector}.Load(b{Plus(j * lanes)});");
        o.Line($"            {vector}<float> x;");
        for (int i = 0; i < rows; i++)
        {
            o.Line($"            x = {vector}.Create(a[{i}]);");
            for (int j = 0; j < vectors; j++)
                o.Line($"            c{i}_{j} = {vector}.MultiplyAddEstimate(x, b{j}, c{i}_{j});");
        }

        o.Line($"            a += {rows};");
        o.Line($"            b += {vectors * lanes};");
        o.Line("        }");
        o.Line();
        if (lanes == 16)
            MaskedStore(o, rows, vectors);
        PlainStore(o, vector, lanes, rows, vectors);
        o.Line("    }");
        o.Line();
    }

    // c[i, j] = init[j] + sum over k of a[i, k] * b[k, j], where a holds 16 of k of all rows, then the next 16.
    private static void BlockTile(StringBuilder o, string vector, int lanes, int rows, int vectors)
    {
        o.Method($"BlockTile{rows}x{vectors}", "nint k, float* a, float* b, float* c, nint ldc, float* init");
        for (int j = 0; j < vectors; j++)
            o.Line($"        {vector}<float> b{j} = {vector}.Load(init{Plus(j * lanes)});");
        for (int i = 0; i < rows; i++)
            o.Line($"        {vector}<float> c{i}_0 = b0{(vectors == 2 ? $", c{i}_1 = b1" : "")};");
        o.Line("        while (k > 0)");
        o.Line("        {");
        o.Line("            nint run = k < 16 ? k : 16;");
        o.Line("            k -= run;");
        o.Line("            for (; run > 0; run--)");
        o.Line("            {");
        for (int j = 0; j < vectors; j++)
            o.Line($"                b{j} = {vector}.Load(b{Plus(j * lanes)});");
        o.Line($"                {vector}<float> x;");
        for (int i = 0; i < rows; i++)
        {
            o.Line($"                x = {vector}.Create(a[{i * 16}]);");
            for (int j = 0; j < vectors; j++)
                o.Line($"                c{i}_{j} = {vector}.MultiplyAddEstimate(x, b{j}, c{i}_{j});");
        }

        o.Line("                a += 1;");
        o.Line($"                b += {vectors * lanes};");
        o.Line("            }");
        o.Line();
        o.Line($"            a += {(rows - 1) * 16};");
        o.Line("        }");
        o.Line();
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < vectors; j++)
                o.Line($"        c{i}_{j}.Store(c{Plus(j * lanes)});");
            if (i < rows - 1)
                o.Line("        c += ldc;");
        }

        o.Line("    }");
        o.Line();
    }

    private static void MaskedStore(StringBuilder o, int rows, int vectors)
    {
        int last = vectors - 1;
        o.Line("        if (Avx512F.IsSupported && last < 16)");
        o.Line("        {");
        o.Line("            Vector512<float> m =");
        o.Line("                Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(last)).AsSingle();");
        foreach (bool accumulate in (bool[])[true, false])
        {
            o.Line(accumulate ? "            if (accumulate != 0)" : "            else");
            o.Line("            {");
            for (int i = 0; i < rows; i++)
            {
                if (last == 1)
                    o.Line($"                {(accumulate ? $"(c{i}_0 + Vector512.Load(c))" : $"c{i}_0")}.Store(c);");
                string at = $"c{Plus(last * 16)}";
                string old = accumulate ? $" + Avx512F.MaskLoad({at}, m, Vector512<float>.Zero)" : "";
                o.Line($"                Avx512F.MaskStore({at}, m, c{i}_{last}{old});");
                if (i < rows - 1)
                    o.Line("                c += ldc;");
            }

            o.Line("            }");
            if (accumulate)
                continue;
            o.Line();
            o.Line("            return;");
        }

        o.Line("        }");
        o.Line();
    }

    private static void PlainStore(StringBuilder o, string vector, int lanes, int rows, int vectors)
    {
        foreach (bool accumulate in (bool[])[true, false])
        {
            o.Line(accumulate ? "        if (accumulate != 0)" : "        else");
            o.Line("        {");
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < vectors; j++)
                {
                    string at = $"c{Plus(j * lanes)}";
                    string sum = accumulate ? $"(c{i}_{j} + {vector}.Load({at}))" : $"c{i}_{j}";
                    o.Line($"            {sum}.Store({at});");
                }

                if (i < rows - 1)
                    o.Line("            c += ldc;");
            }

            o.Line("        }");
        }
    }

    // y[i, j] = beta * y[i, j] + alpha * dot(x[i], w[j]) over the multiple of 16 in k; see SmallBatch for the rest.
    private static void Dot(StringBuilder o, string vector, int lanes, int rows, int columns)
    {
        o.Method(
            $"Dot{rows}x{columns}",
            "nint k, float* x, nint ldx, float* w, nint ldw, float* y, nint ldy, float alpha, float beta");
        for (int i = 1; i < rows; i++)
            o.Line($"        float* x{i} = x + ({i} * ldx);");
        for (int j = 1; j < columns; j++)
            o.Line($"        float* w{j} = w + ({j} * ldw);");
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                o.Line($"        {vector}<float> s{i}_{j} = {vector}<float>.Zero;");
        }

        o.Line($"        for (nint p = 0; p + {lanes} <= k; p += {lanes})");
        o.Line("        {");
        for (int j = 0; j < columns; j++)
            o.Line($"            {vector}<float> b{j} = {vector}.Load(w{Number(j)} + p);");
        o.Line($"            {vector}<float> v;");
        for (int i = 0; i < rows; i++)
        {
            o.Line($"            v = {vector}.Load(x{Number(i)} + p);");
            for (int j = 0; j < columns; j++)
                o.Line($"            s{i}_{j} = {vector}.MultiplyAddEstimate(v, b{j}, s{i}_{j});");
        }

        o.Line("        }");
        o.Line();
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                string at = $"y[{(i == 0 ? "" : $"({i} * ldy) + ")}{j}]";
                o.Line($"        {at} = (beta == 0 ? 0 : beta * {at}) + (alpha * {vector}.Sum(s{i}_{j}));");
            }
        }

        o.Line("    }");
        o.Line();
    }

    // c[i, j] += alpha * sum over q of a[i, q] * b[q, j], q from 0 to depth - 1, in that order.
    private static void Axpy(StringBuilder o, string vector, int lanes, int rows, int depth)
    {
        o.Method(
            $"Axpy{rows}x{depth}",
            "nint n, float* a, nint lda, float alpha, float* b, nint ldb, float* c, nint ldc");
        for (int q = 1; q < depth; q++)
            o.Line($"        float* b{q} = b + ({q} * ldb);");
        for (int i = 0; i < rows; i++)
        {
            if (i > 0)
                o.Line($"        float* c{i} = c + ({i} * ldc);");
            for (int q = 0; q < depth; q++)
                o.Line($"        float a{i}_{q} = alpha * a[{(i == 0 ? "" : $"({i} * lda) + ")}{q}];");
        }

        for (int i = 0; i < rows; i++)
        {
            for (int q = 0; q < depth; q++)
                o.Line($"        {vector}<float> x{i}_{q} = {vector}.Create(a{i}_{q});");
        }

        o.Line("        nint j = 0;");
        o.Line($"        for (; j + {lanes} <= n; j += {lanes})");
        o.Line("        {");
        for (int i = 0; i < rows; i++)
            o.Line($"            {vector}<float> s{i} = {vector}.Load(c{Number(i)} + j);");
        o.Line($"            {vector}<float> v;");
        for (int q = 0; q < depth; q++)
        {
            o.Line($"            v = {vector}.Load(b{Number(q)} + j);");
            for (int i = 0; i < rows; i++)
                o.Line($"            s{i} = {vector}.MultiplyAddEstimate(x{i}_{q}, v, s{i});");
        }

        for (int i = 0; i < rows; i++)
            o.Line($"            s{i}.Store(c{Number(i)} + j);");
        o.Line("        }");
        o.Line();
        o.Line("        for (; j < n; j++)");
        o.Line("        {");
        for (int q = 0; q < depth; q++)
        {
            for (int i = 0; i < rows; i++)
            {
                string c = $"c{Number(i)}[j]";
                o.Line($"            {c} = float.MultiplyAddEstimate(a{i}_{q}, b{Number(q)}[j], {c});");
            }
        }

        o.Line("        }");
        o.Line("    }");
        o.Line();
    }

    private static void Tables(StringBuilder o, int tileRows, int dotRows, int axpyRows)
    {
        Table(o, "Tiles", "nint, float*, float*, float*, nint, float*, int, int, void",
            "Kernels by 2 * (rows - 1) + vectors - 1.",
            Range(tileRows).SelectMany(rows => Range(2).Select(vectors => $"Tile{rows}x{vectors}")));
        o.Line();
        Table(o, "BlockTiles", "nint, float*, float*, float*, nint, float*, void",
            "Kernels by 2 * (rows - 1) + vectors - 1.",
            Range(tileRows).SelectMany(rows => Range(2).Select(vectors => $"BlockTile{rows}x{vectors}")));
        o.Line();
        Table(o, "Dots", "nint, float*, nint, float*, nint, float*, nint, float, float, void",
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

    private static string Plus(int offset) => offset == 0 ? "" : $" + {offset}";

    private static string Number(int i) => i == 0 ? "" : i.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
