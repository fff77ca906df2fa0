using CaffeActors.Compute.Schema;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Tests.Schema;

/// <summary>Compares the compiled schema with the table of all that Caffe's has, row by row, both ways.</summary>
public sealed class WireTableTests
{
    private static readonly string[] _table = [.. ReadTable()];
    private static readonly string[] _compiled = [.. CompiledRows()];

    [Fact]
    public void Schema_HasEverythingInTheTable() => Assert.Empty(_table.Except(_compiled));

    [Fact]
    public void Schema_HasNothingElse() => Assert.Empty(_compiled.Except(_table));

    [Fact]
    public void Table_NamesEveryRowOnce()
    {
        Assert.Equal(_table.Length, _table.Distinct().Count());
        Assert.Equal(_table.Length, _compiled.Length);
        Assert.True(_table.Length > 500, "the table is cut");
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

    private static IEnumerable<string> ReadTable()
    {
        using Stream stream = typeof(WireTableTests).Assembly.GetManifestResourceStream("wire.tsv")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
                yield return line.TrimEnd('\t');
        }
    }

    private static IEnumerable<string> CompiledRows()
    {
        FileDescriptor file = CaffeReflection.Descriptor;
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

    private static string Short(string fullName) => fullName["caffe.".Length..];
}
