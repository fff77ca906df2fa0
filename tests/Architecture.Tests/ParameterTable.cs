using System.Text.RegularExpressions;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Reflection;

namespace CaffeActors.Architecture.Tests;

/// <summary>
/// The tables of a layer's page that tell its parameters: field, type, default, meaning. Types and defaults are the
/// schema's; what a field means, and which values it takes, people write.
/// </summary>
internal static partial class ParameterTable
{
    /// <summary>The lines of a page with its tables as the schema has them: wrong types and defaults corrected,
    /// fields that are missing put in without a meaning.</summary>
    public static IEnumerable<string> Corrected(IReadOnlyList<string> lines)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            yield return lines[i];
            if (!HeadForm().IsMatch(lines[i]))
                continue;
            string? message = NameForm().Match(lines[i].Split('|')[1]) is { Success: true } name
                ? name.Groups[1].Value
                : null;
            yield return lines[++i];
            List<FieldDescriptor> told = [];
            for (; i + 1 < lines.Count && lines[i + 1].StartsWith('|'); i++)
            {
                foreach (string row in Rows(lines[i + 1], message, told))
                    yield return row;
            }

            foreach (FieldDescriptor field in told.Select(field => field.ContainingType).Distinct()
                .Where(type => type != LayerParameter.Descriptor)
                .SelectMany(type => type.Fields.InDeclarationOrder()).Except(told).ToArray())
            {
                yield return Row([Name(field, message)], TypeOf(field), DefaultOf(field) ?? "none", "");
            }
        }
    }

    /// <summary>The parameters a page has a table of.</summary>
    public static IEnumerable<string> Told(IEnumerable<string> lines) =>
        lines.Where(line => HeadForm().IsMatch(line) || DottedForm().IsMatch(line))
            .SelectMany(line => NameForm().Matches(line.Split('|')[1]))
            .Select(match => match.Groups[1].Value.Split('.')[0]).Distinct();

    /// <summary>The fields that a page's tables say nothing of.</summary>
    public static IEnumerable<string> WithoutMeaning(IEnumerable<string> lines) =>
        lines.Where(line => EmptyForm().IsMatch(line)).Select(line => line.Split('|')[1].Trim());

    // One row stays one as long as its fields have one type and one default.
    private static IEnumerable<string> Rows(string line, string? message, List<FieldDescriptor> told)
    {
        string[] cells = [.. CellForm().Split(line)[1..^1].Select(cell => cell.Trim())];
        Assert.True(cells.Length == 4, $"'{line}' has not four cells");
        var rows = new List<(string Type, string Default, List<string> Names)>();
        foreach (string name in NameForm().Matches(cells[0]).Select(match => match.Groups[1].Value))
        {
            FieldDescriptor field = Find(message is null ? name : $"{message}.{name}");
            told.Add(field);
            string type = TypeOf(field);
            if (cells[1] == type || cells[1].StartsWith(type + " ", StringComparison.Ordinal)
                || cells[1].StartsWith(type + ",", StringComparison.Ordinal))
            {
                type = cells[1];
            }

            string usual = DefaultOf(field) is { } value && !cells[2].StartsWith("unset", StringComparison.Ordinal)
                ? value
                : cells[2].Length > 0 ? cells[2] : "none";
            if (rows.Count == 0 || (rows[^1].Type, rows[^1].Default) != (type, usual))
                rows.Add((type, usual, []));
            rows[^1].Names.Add(name);
        }

        return rows.Select(row => Row(row.Names, row.Type, row.Default, cells[3]));
    }

    private static FieldDescriptor Find(string path)
    {
        MessageDescriptor message = LayerParameter.Descriptor;
        FieldDescriptor? field = null;
        foreach (string name in path.Split('.'))
        {
            field = message.FindFieldByName(name);
            Assert.True(field is not null, $"{message.Name} has no field '{name}'");
            message = field.FieldType == FieldType.Message ? field.MessageType : message;
        }

        return field!;
    }

    private static string Row(IEnumerable<string> names, string type, string value, string meaning) =>
        $"| {string.Join(", ", names.Select(name => $"`{name}`"))} | {type} | {value} |"
        + (meaning.Length > 0 ? $" {meaning} |" : " |");

    private static string Name(FieldDescriptor field, string? message) => message is not null
        ? field.Name
        : $"{LayerParameter.Descriptor.Fields.InDeclarationOrder()
            .Single(own => own.FieldType == FieldType.Message && own.MessageType == field.ContainingType).Name}."
        + field.Name;

    private static string TypeOf(FieldDescriptor field)
    {
        string type = field.FieldType switch
        {
            FieldType.Message => field.MessageType.Name,
            FieldType.Enum => string.Join(", ", field.EnumType.Values.Select(value => value.Name)),
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };
        return field.IsRepeated ? $"repeated {type}" : type;
    }

    // None where the schema leaves it to the layer.
    private static string? DefaultOf(FieldDescriptor field) =>
        field.ToProto() is not { HasDefaultValue: true } proto ? null
        : field.FieldType == FieldType.String ? $"\"{proto.DefaultValue}\"" : proto.DefaultValue;

    [GeneratedRegex(@"^\| (`\w+_param`|field) \| type \| default \| meaning \|$")]
    private static partial Regex HeadForm();

    [GeneratedRegex(@"^\| `\w+_param\.\w+` \|")]
    private static partial Regex DottedForm();

    [GeneratedRegex(@"`([\w.]+)`")]
    private static partial Regex NameForm();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellForm();

    [GeneratedRegex(@"^\| `.*\| *\|$")]
    private static partial Regex EmptyForm();
}
