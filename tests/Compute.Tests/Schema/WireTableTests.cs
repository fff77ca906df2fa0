using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Schema.Nvidia;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Tests.Schema;

/// <summary>
/// Compares the compiled schemas with tables, row by row, both ways: ours with all that Caffe's has and the fields of
/// NVIDIA's fork that are put to use, the fork's with Caffe's table and what the fork changed in it.
/// </summary>
public sealed class WireTableTests
{
    private static readonly string[] _caffe = [.. Read("wire.tsv").Select(line => line.TrimEnd('\t'))];
    private static readonly string[] _additions = [.. Read("wire-additions.tsv")];
    private static readonly string[] _table = [.. _caffe, .. _additions];
    private static readonly string[] _compiled = [.. CompiledRows(CaffeReflection.Descriptor)];
    private static readonly string[] _nvidia = [.. NvidiaTable()];
    private static readonly string[] _compiledNvidia = [.. CompiledRows(CaffeNvidiaReflection.Descriptor)];

    [Fact]
    public void Schema_HasEverythingInTheTable() => Assert.Empty(_table.Except(_compiled));

    [Fact]
    public void Schema_HasNothingElse() => Assert.Empty(_compiled.Except(_table));

    [Fact]
    public void Table_NamesEveryRowOnce()
    {
        Assert.Equal(_table.Length, _table.Distinct().Count());
        Assert.Equal(_table.Length, _compiled.Length);
        Assert.True(_caffe.Length > 500, "the table is cut");
    }

    [Fact]
    public void NvidiaSchema_HasEverythingInItsTable() => Assert.Empty(_nvidia.Except(_compiledNvidia));

    [Fact]
    public void NvidiaSchema_HasNothingElse()
    {
        Assert.Empty(_compiledNvidia.Except(_nvidia));
        Assert.Equal(_nvidia.Length, _compiledNvidia.Length);
        Assert.True(_nvidia.Length > 850, "the table is cut");
    }

    [Fact]
    public void Additions_AreTheForksOwn()
    {
        // But for six whose numbers mean something else to Caffe, and an enum that would hide System.Type.
        Assert.Equal(
            [
                "LayerParameter\toptional\tType\tforward_type\t5145\tFLOAT",
                "LayerParameter\toptional\tType\tbackward_type\t5146\tFLOAT",
                "LayerParameter\toptional\tType\tforward_math\t5147\tFLOAT",
                "LayerParameter\toptional\tType\tbackward_math\t5148\tFLOAT",
                "SolverParameter\toptional\tint32\trampup_interval\t5041\t0",
                "SolverParameter\toptional\tfloat\trampup_lr\t5042\t0",
            ],
            _additions.Select(row => row.Replace("BlobProto.RawType", "Type", StringComparison.Ordinal))
                .Except(_nvidia));
    }

    [Fact]
    public void Additions_TakeNoNumberOfCaffes()
    {
        string[] taken = [.. _table.Where(row => !row.StartsWith("enum", StringComparison.Ordinal))
            .Select(row => row.Split('\t')).Select(cells => $"{cells[0]} {cells[4]}")];
        Assert.Equal(taken.Distinct(), taken);
    }

    [Fact]
    public void NamesakesInBothSchemas_AreOfOneType()
    {
        string[] ours = [.. _compiled.Select(NameAndType)];
        string[] names = [.. ours.Select(row => row.Split('=')[0])];
        Assert.Empty(_compiledNvidia.Select(NameAndType)
            .Where(row => names.Contains(row.Split('=')[0])).Except(ours));
    }

    [Fact]
    public void Schema_IsProto2InThePackageCaffe()
    {
        FileDescriptorProto file = CaffeReflection.Descriptor.ToProto();
        Assert.Equal("caffe", file.Package);
        Assert.Contains(file.Syntax, (string[])["", "proto2"]);
        Assert.Empty(file.Dependency);
        Assert.Empty(file.Extension);
    }

    private static IEnumerable<string> Read(string table)
    {
        using Stream stream = typeof(WireTableTests).Assembly.GetManifestResourceStream(table)!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
                yield return line;
        }
    }

    // Caffe's table with what the fork removed, changed and added. Its flag packed=false says nothing.
    private static IEnumerable<string> NvidiaTable()
    {
        var rows = new Dictionary<string, string>();
        foreach (string row in _caffe)
            rows.Add(Key(row), row);
        foreach (string line in Read("wire-nvidia.tsv"))
        {
            string[] cells = line.Split('\t');
            string row = string.Join('\t', cells[1..Math.Min(cells.Length, 7)]).TrimEnd('\t');
            if (cells.Length > 7 && cells[7] == "packed")
                row = string.Join('\t', cells[1..8]);
            if (cells[0] == "REMOVED-IN-NV")
                Assert.True(rows.Remove(Key(row)));
            else if (cells[0] == "CHANGED")
                Assert.True(rows.Remove(Key(row)) && rows.TryAdd(Key(row), row));
            else
                Assert.True(rows.TryAdd(Key(row), row));
        }

        return rows.Values;
    }

    private static string Key(string row)
    {
        string[] cells = row.Split('\t');
        return cells[0] == "enum" ? $"{cells[1]} {cells[2]}" : $"{cells[0]} {cells[3]}";
    }

    private static string NameAndType(string row)
    {
        string[] cells = row.Replace("BlobProto.RawType", "Type", StringComparison.Ordinal).Split('\t');
        return cells[0] == "enum" ? $"{cells[1]} {cells[2]}=" : $"{cells[0]} {cells[3]}={cells[1]} {cells[2]}";
    }

    private static IEnumerable<string> CompiledRows(FileDescriptor file)
    {
        return file.EnumTypes.SelectMany(EnumRows).Concat(file.MessageTypes.SelectMany(MessageRows));
    }

    private static IEnumerable<string> MessageRows(MessageDescriptor message) =>
        message.Fields.InDeclarationOrder().Select(FieldRow)
            .Concat(message.EnumTypes.SelectMany(EnumRows))
            .Concat(message.NestedTypes.SelectMany(MessageRows));

    private static IEnumerable<string> EnumRows(EnumDescriptor type) =>
        type.Values.Select(value => $"enum\t{Short(type.FullName)}\t{value.Name}\t{value.Number}");

    private static string FieldRow(FieldDescriptor field)
    {
        FieldDescriptorProto proto = field.ToProto();
        string label = proto.Label.ToString().ToLowerInvariant();
        string type = field.FieldType switch
        {
            FieldType.Message => Short(field.MessageType.FullName),
            FieldType.Enum => Short(field.EnumType.FullName),
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };
        string value = field.FieldType == FieldType.String && proto.HasDefaultValue
            ? $"\"{proto.DefaultValue}\""
            : proto.DefaultValue;
        string flags = field.IsPacked ? "packed" : "";
        string owner = Short(field.ContainingType.FullName);
        return $"{owner}\t{label}\t{type}\t{field.Name}\t{field.FieldNumber}\t{value}\t{flags}".TrimEnd('\t');
    }

    private static string Short(string fullName) => fullName[(fullName.IndexOf('.', StringComparison.Ordinal) + 1)..];
}
