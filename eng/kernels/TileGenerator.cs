using System.Text;

namespace CaffeActors.Kernels;

/// <summary>Writes the tile kernels: some rows by one or two units of columns, summed in registers.</summary>
internal static class TileGenerator
{
    /// <summary>c[i, j] = init[i] + sum over k of a[k, i] * b[k, j], or the same added to c.</summary>
    public static void Tile(StringBuilder o, Registers r, int rows, int units)
    {
        int columns = units * r.OfUnit;
        o.Method(
            $"Tile{rows}x{units}",
            "nint k, float* a, float* b, float* c, nint ldc, float* init, int accumulate, int last");
        for (int i = 0; i < rows; i++)
        {
            string others = string.Concat(Enumerable.Range(1, columns - 1).Select(j => $", c{i}_{j} = c{i}_0"));
            o.Line($"        {r.Type} c{i}_0 = {r.Vector}.Create(init[{i}]){others};");
        }

        Prefetch(o, r, rows, units, "Sse.IsSupported");
        o.Line("        for (; k > 0; k--)");
        o.Line("        {");
        Step(o, r, rows, columns, $"{units * r.Unit}");
        o.Line("        }");
        o.Line();
        if (r.Lanes == 16)
            MaskedStore(o, rows, units);
        o.Line("        if (accumulate != 0)");
        o.Line("        {");
        Elements(o, r, rows, columns, "c", (name, at) => $"({name} + {r.Vector}.Load({at})).Store({at});");
        o.Line("        }");
        o.Line("        else");
        o.Line("        {");
        Elements(o, r, rows, columns, "c", (name, at) => $"{name}.Store({at});");
        o.Line("        }");
        o.Line("    }");
        o.Line();
    }

    /// <summary>
    /// c[i, j] = f(init[j] + sum over k of a[k, i] * b[k, j] [+ c[i, j]]) for whole panels, b packed or not; at each k
    /// the lines at ahead0 + steps[k] and ahead1 + steps[k] are asked for.
    /// </summary>
    public static void Stream(StringBuilder o, Registers r, int rows)
    {
        int columns = 2 * r.OfUnit;
        o.Method(
            $"Stream{rows}",
            "nint k, float* a, float* b, nint ldb, float* c, nint ldc, float* init, int store, float slope,\n"
            + "        float* ahead0, float* ahead1, nint* steps");
        for (int j = 0; j < columns; j++)
            o.Line($"        {r.Type} c0_{j} = {r.Vector}.Load(init{SourceText.Plus(j * r.Lanes)});");
        for (int i = 1; i < rows; i++)
        {
            string names = string.Join(", ", Enumerable.Range(0, columns).Select(j => $"c{i}_{j} = c0_{j}"));
            o.Line($"        {r.Type} {names};");
        }

        Prefetch(o, r, rows, 2, "Sse.IsSupported && (store & TileStore.PastCache) == 0");
        o.Line("        for (; k > 0; k--)");
        o.Line("        {");
        o.Line("            if (Sse.IsSupported)");
        o.Line("            {");
        o.Line("                nint step = *steps++;");
        o.Line("                Sse.Prefetch1(ahead0 + step);");
        o.Line("                Sse.Prefetch1(ahead1 + step);");
        o.Line("            }");
        o.Line();
        Step(o, r, rows, columns, "ldb");
        o.Line("        }");
        o.Line();
        o.Line("        if ((store & TileStore.Add) != 0)");
        o.Line("        {");
        o.Line("            float* p = c;");
        Elements(o, r, rows, columns, "p", (name, at) => $"{name} += {r.Vector}.Load({at});");
        o.Line("        }");
        o.Line();
        o.Line("        if ((store & TileStore.Activate) != 0)");
        o.Line("        {");
        o.Line($"            {r.Type} zero = {r.Type}.Zero, factor = {r.Vector}.Create(slope);");
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                o.Line($"            c{i}_{j} = TileStore.Activation(c{i}_{j}, zero, factor);");
        }

        o.Line("        }");
        o.Line();
        o.Line("        if ((store & TileStore.PastCache) != 0)");
        o.Line("        {");
        Elements(o, r, rows, columns, "c", (name, at) => $"{name}.StoreAlignedNonTemporal({at});");
        o.Line("        }");
        o.Line("        else");
        o.Line("        {");
        Elements(o, r, rows, columns, "c", (name, at) => $"{name}.Store({at});");
        o.Line("        }");
        o.Line("    }");
        o.Line();
    }

    /// <summary>
    /// c[i, j] = init[j] + sum over k of a[i, k] * b[k, j], where a holds 16 of k of all rows, then the next 16.
    /// </summary>
    public static void BlockTile(StringBuilder o, Registers r, int rows, int units)
    {
        int columns = units * r.OfUnit;
        o.Method($"BlockTile{rows}x{units}", "nint k, float* a, float* b, float* c, nint ldc, float* init");
        for (int j = 0; j < columns; j++)
            o.Line($"        {r.Type} b{j} = {r.Vector}.Load(init{SourceText.Plus(j * r.Lanes)});");
        for (int i = 0; i < rows; i++)
        {
            string names = string.Join(", ", Enumerable.Range(0, columns).Select(j => $"c{i}_{j} = b{j}"));
            o.Line($"        {r.Type} {names};");
        }

        o.Line("        while (k > 0)");
        o.Line("        {");
        o.Line("            nint run = k < 16 ? k : 16;");
        o.Line("            k -= run;");
        o.Line("            for (; run > 0; run--)");
        o.Line("            {");
        for (int j = 0; j < columns; j++)
            o.Line($"                b{j} = {r.Vector}.Load(b{SourceText.Plus(j * r.Lanes)});");
        o.Line($"                {r.Type} x;");
        for (int i = 0; i < rows; i++)
        {
            o.Line($"                x = {r.Vector}.Create(a[{i * 16}]);");
            for (int j = 0; j < columns; j++)
                o.Line($"                c{i}_{j} = {r.Vector}.MultiplyAddEstimate(x, b{j}, c{i}_{j});");
        }

        o.Line("                a += 1;");
        o.Line($"                b += {units * r.Unit};");
        o.Line("            }");
        o.Line();
        o.Line($"            a += {(rows - 1) * 16};");
        o.Line("        }");
        o.Line();
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                o.Line($"        c{i}_{j}.Store(c{SourceText.Plus(j * r.Lanes)});");
            if (i < rows - 1)
                o.Line("        c += ldc;");
        }

        o.Line("    }");
        o.Line();
    }

    // C is read or written only at the end: let it come meanwhile.
    private static void Prefetch(StringBuilder o, Registers r, int rows, int units, string condition)
    {
        o.Line($"        if ({condition})");
        o.Line("        {");
        o.Line("            float* p = c;");
        for (int i = 0; i < rows; i++)
        {
            o.Line("            Sse.Prefetch0(p);");
            if (units == 2)
                o.Line($"            Sse.Prefetch0(p + {(2 * r.Unit) - 1});");
            if (i < rows - 1)
                o.Line("            p += ldc;");
        }

        o.Line("        }");
        o.Line();
    }

    // One k: a row of b, and each element of a column of a.
    private static void Step(StringBuilder o, Registers r, int rows, int columns, string next)
    {
        for (int j = 0; j < columns; j++)
            o.Line($"            {r.Type} b{j} = {r.Vector}.Load(b{SourceText.Plus(j * r.Lanes)});");
        o.Line($"            {r.Type} x;");
        for (int i = 0; i < rows; i++)
        {
            o.Line($"            x = {r.Vector}.Create(a[{i}]);");
            for (int j = 0; j < columns; j++)
                o.Line($"            c{i}_{j} = {r.Vector}.MultiplyAddEstimate(x, b{j}, c{i}_{j});");
        }

        o.Line($"            a += {rows};");
        o.Line($"            b += {next};");
    }

    // A statement for each register of a tile; the pointer goes from row to row.
    private static void Elements(
        StringBuilder o, Registers r, int rows, int columns, string pointer, Func<string, string, string> statement)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                o.Line($"            {statement($"c{i}_{j}", pointer + SourceText.Plus(j * r.Lanes))}");
            if (i < rows - 1)
                o.Line($"            {pointer} += ldc;");
        }
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
                string at = $"c{SourceText.Plus(last * 16)}";
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
}
