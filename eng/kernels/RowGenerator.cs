using System.Text;

namespace CaffeActors.Kernels;

/// <summary>Writes the kernels of products with few rows: dot products and sums of rows.</summary>
internal static class RowGenerator
{
    /// <summary>
    /// y[i, j] = beta * y[i, j] + alpha * dot(x[i], w[j]) over the multiple of a unit in k; x is packed, a unit of each
    /// row after the other.
    /// </summary>
    public static void Dot(StringBuilder o, Registers r, int rows, int columns)
    {
        o.Method(
            $"Dot{rows}x{columns}",
            "nint k, float* x, float* w, nint ldw, float* y, nint ldy, float alpha, float beta,\n"
            + "        float* ahead0, float* ahead1, float* ahead2, float* ahead3");
        for (int j = 1; j < columns; j++)
            o.Line($"        float* w{j} = w + ({j} * ldw);");
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                o.Line($"        {r.Type} s{i}_{j} = {r.Type}.Zero;");
        }

        o.Line($"        for (nint p = 0; p + {r.Unit} <= k; p += {r.Unit})");
        o.Line("        {");
        o.Line("            if (Sse.IsSupported && ahead0 is not null)");
        o.Line("            {");
        for (int j = 0; j < 4; j++)
            o.Line($"                Sse.Prefetch0(ahead{j} + p);");
        o.Line("            }");
        o.Line();
        o.Line($"            {r.Type} v;");
        for (int part = 0; part < r.Unit; part += r.Lanes)
        {
            string suffix = part == 0 ? "" : "b";
            string at = $"p{SourceText.Plus(part)}";
            for (int j = 0; j < columns; j++)
                o.Line($"            {r.Type} b{j}{suffix} = {r.Vector}.Load(w{SourceText.Number(j)} + {at});");
            for (int i = 0; i < rows; i++)
            {
                o.Line($"            v = {r.Vector}.Load(x{SourceText.Plus((i * r.Unit) + part)});");
                for (int j = 0; j < columns; j++)
                    o.Line($"            s{i}_{j} = {r.Vector}.MultiplyAddEstimate(v, b{j}{suffix}, s{i}_{j});");
            }
        }

        o.Line($"            x += {rows * r.Unit};");
        o.Line("        }");
        o.Line();
        for (int i = 0; i < rows; i++)
        {
            o.Line(columns == 4
                ? $"        DotSums.Store(s{i}_0, s{i}_1, s{i}_2, s{i}_3, y, alpha, beta);"
                : $"        DotSums.Store(s{i}_0, y, alpha, beta);");
            if (i < rows - 1)
                o.Line("        y += ldy;");
        }

        o.Line("    }");
        o.Line();
    }

    /// <summary>c[i, j] += alpha * sum over q of a[i, q] * b[q, j], q from 0 to depth - 1, in that order.</summary>
    public static void Axpy(StringBuilder o, Registers r, int rows, int depth)
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
                o.Line($"        {r.Vector}<float> x{i}_{q} = {r.Vector}.Create(a{i}_{q});");
        }

        o.Line("        nint j = 0;");
        o.Line($"        for (; j + {r.Lanes} <= n; j += {r.Lanes})");
        o.Line("        {");
        for (int i = 0; i < rows; i++)
            o.Line($"            {r.Vector}<float> s{i} = {r.Vector}.Load(c{SourceText.Number(i)} + j);");
        o.Line($"            {r.Vector}<float> v;");
        for (int q = 0; q < depth; q++)
        {
            o.Line($"            v = {r.Vector}.Load(b{SourceText.Number(q)} + j);");
            for (int i = 0; i < rows; i++)
                o.Line($"            s{i} = {r.Vector}.MultiplyAddEstimate(x{i}_{q}, v, s{i});");
        }

        for (int i = 0; i < rows; i++)
            o.Line($"            s{i}.Store(c{SourceText.Number(i)} + j);");
        o.Line("        }");
        o.Line();
        o.Line("        for (; j < n; j++)");
        o.Line("        {");
        for (int q = 0; q < depth; q++)
        {
            for (int i = 0; i < rows; i++)
            {
                string c = $"c{SourceText.Number(i)}[j]";
                o.Line($"            {c} = float.MultiplyAddEstimate(a{i}_{q}, b{SourceText.Number(q)}[j], {c});");
            }
        }

        o.Line("        }");
        o.Line("    }");
        o.Line();
    }
}
