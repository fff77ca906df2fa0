using System.Text;

namespace CaffeActors.Kernels;

/// <summary>Writes the kernel that turns the rows of a 16 by 16 block, from anywhere, into columns.</summary>
public static class TransposeGenerator
{
    /// <summary>The text of the file.</summary>
    public static string Text()
    {
        var o = new StringBuilder();
        o.Header(
            "System.Runtime.Intrinsics", "System.Runtime.Intrinsics.X86",
            "CaffeActors.Compute.Backends.Cpu.Convolution");
        o.Line("internal static unsafe class Transpose16");
        o.Line("{");
        o.Line("    // to[column * pitch + row] = scale * from[offsets[row] + column]; needs AVX-512. Rows beyond");
        o.Line("    // `rows` read as zero; `fill` numbers (at most 16) are written for each column.");
        o.Method(
            "Avx512",
            "float* from, nint* offsets, int rows, int columns, float* to, nint pitch, int fill, float scale");
        o.Line("        Vector512<float> z = Vector512<float>.Zero;");
        o.Line("        Vector512<float> m =");
        o.Line("            Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(columns)).AsSingle();");
        for (int i = 0; i < 16; i++)
            o.Line($"        Vector512<float> r{i} = {i} < rows ? Avx512F.MaskLoad(from + offsets[{i}], m, z) : z;");
        Shuffle(o);
        o.Line("        if (scale != 1f)");
        o.Line("        {");
        o.Line("            Vector512<float> s = Vector512.Create(scale);");
        for (int i = 0; i < 16; i++)
            o.Line($"            q{i} *= s;");
        o.Line("        }");
        o.Line();
        StoreColumns(o);
        o.Line();
        o.Line("    // The same of columns in pieces: column c of piece p is");
        o.Line("    // from[p.Offset + offsets[row] + c - p.Column]. Up to 15 numbers past a piece's end are read;");
        o.Line("    // all 16 offsets must be valid.");
        o.Method(
            "Avx512",
            "float* from, PixelPiece* pieces, int count, nint* offsets, int columns, float* to, nint pitch, int fill");
        o.Line("        float* f = from + pieces[0].Offset;");
        for (int i = 0; i < 16; i++)
            o.Line($"        Vector512<float> r{i} = Vector512.Load(f + offsets[{i}]);");
        o.Line("        Vector512<float> m;");
        o.Line("        for (int p = 1; p < count; p++)");
        o.Line("        {");
        o.Line("            int column = pieces[p].Column;");
        o.Line("            f = from + pieces[p].Offset - column;");
        o.Line("            m = Vector512.LessThan(Vector512.Create(column - 1), Vector512<int>.Indices).AsSingle();");
        for (int i = 0; i < 16; i++)
            o.Line($"            r{i} = Avx512F.MaskLoad(f + offsets[{i}], m, r{i});");
        o.Line("        }");
        o.Line();
        Shuffle(o);
        StoreColumns(o);
        o.Line("}");
        return o.ToString();
    }

    private static void Shuffle(StringBuilder o)
    {
        for (int i = 0; i < 16; i += 2)
        {
            o.Line($"        Vector512<double> t{i} = Avx512F.UnpackLow(r{i}, r{i + 1}).AsDouble();");
            o.Line($"        Vector512<double> t{i + 1} = Avx512F.UnpackHigh(r{i}, r{i + 1}).AsDouble();");
        }

        for (int i = 0; i < 16; i += 4)
        {
            o.Line($"        Vector512<float> u{i} = Avx512F.UnpackLow(t{i}, t{i + 2}).AsSingle();");
            o.Line($"        Vector512<float> u{i + 1} = Avx512F.UnpackHigh(t{i}, t{i + 2}).AsSingle();");
            o.Line($"        Vector512<float> u{i + 2} = Avx512F.UnpackLow(t{i + 1}, t{i + 3}).AsSingle();");
            o.Line($"        Vector512<float> u{i + 3} = Avx512F.UnpackHigh(t{i + 1}, t{i + 3}).AsSingle();");
        }

        for (int j = 0; j < 4; j++)
        {
            o.Line($"        Vector512<float> v{j} = Avx512F.Shuffle4x128(u{j}, u{4 + j}, 0x88);");
            o.Line($"        Vector512<float> w{j} = Avx512F.Shuffle4x128(u{j}, u{4 + j}, 0xdd);");
            o.Line($"        Vector512<float> x{j} = Avx512F.Shuffle4x128(u{8 + j}, u{12 + j}, 0x88);");
            o.Line($"        Vector512<float> y{j} = Avx512F.Shuffle4x128(u{8 + j}, u{12 + j}, 0xdd);");
        }

        for (int j = 0; j < 4; j++)
        {
            o.Line($"        Vector512<float> q{j} = Avx512F.Shuffle4x128(v{j}, x{j}, 0x88);");
            o.Line($"        Vector512<float> q{4 + j} = Avx512F.Shuffle4x128(w{j}, y{j}, 0x88);");
            o.Line($"        Vector512<float> q{8 + j} = Avx512F.Shuffle4x128(v{j}, x{j}, 0xdd);");
            o.Line($"        Vector512<float> q{12 + j} = Avx512F.Shuffle4x128(w{j}, y{j}, 0xdd);");
        }
    }

    private static void StoreColumns(StringBuilder o)
    {
        o.Line("        if (fill == 16 && columns == 16)");
        o.Line("        {");
        for (int i = 0; i < 16; i++)
            o.Line($"            q{i}.Store(to + ({i} * pitch));");
        o.Line("            return;");
        o.Line("        }");
        o.Line();
        o.Line("        m = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(fill)).AsSingle();");
        for (int i = 0; i < 16; i++)
        {
            if (i > 0)
                o.Line($"        if (columns <= {i}) return;");
            o.Line($"        Avx512F.MaskStore(to + ({i} * pitch), m, q{i});");
        }

        o.Line("    }");
    }
}
