using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>Writes resolved values as HOCON that reads back equal, plain enough for Akka's reader too.</summary>
internal static class HoconRenderer
{
    private const int LineWidth = 100;

    // No shell can set a variable of this name, so what had no value has none when it is read back.
    private const string Undefined = "${?not-set}";

    public static string Render(HoconObject root, bool withOrigins)
    {
        var text = new StringBuilder();
        AppendFields(text, root, "", withOrigins);
        return text.ToString();
    }

    private static void AppendFields(StringBuilder text, HoconObject value, string indent, bool withOrigins)
    {
        foreach (string key in value.Keys)
        {
            text.Append(indent).Append(HoconText.Key(key));
            HoconValue inner = value[key];
            text.Append(inner is HoconObject ? " " : " = ");
            Append(text, inner, indent, withOrigins);
        }

        foreach (string key in value.UndefinedKeys)
            text.Append(indent).Append(HoconText.Key(key)).Append(" = ").Append(Undefined).Append('\n');
    }

    // The value and the end of its line.
    private static void Append(StringBuilder text, HoconValue value, string indent, bool withOrigins)
    {
        switch (value)
        {
            case HoconScalar scalar:
                text.Append(Plain(scalar)).Append(Origin(scalar, withOrigins)).Append('\n');
                break;
            case HoconObject { Keys.Count: 0 }:
                text.Append("{}").Append(Origin(value, withOrigins)).Append('\n');
                break;
            case HoconObject inner:
                text.Append("{\n");
                AppendFields(text, inner, indent + "  ", withOrigins);
                text.Append(indent).Append("}\n");
                break;
            case HoconArray array when OnOneLine(array) is { } line && line.Length + indent.Length <= LineWidth:
                text.Append(line).Append(Origin(array, withOrigins)).Append('\n');
                break;
            case HoconArray array:
                text.Append('[').Append(Origin(array, withOrigins)).Append('\n');
                foreach (HoconValue item in array.Items)
                {
                    text.Append(indent).Append("  ");
                    Append(text, item, indent + "  ", withOrigins);
                }

                text.Append(indent).Append("]\n");
                break;
        }
    }

    private static string? OnOneLine(HoconArray array) =>
        array.Items.All(item => item is HoconScalar)
            ? $"[{string.Join(", ", array.Items.Select(item => Plain((HoconScalar)item)))}]"
            : null;

    private static string Plain(HoconScalar value) =>
        value.Kind == HoconKind.Text ? HoconText.Quote(value.Text) : value.Text;

    private static string Origin(HoconValue value, bool withOrigins)
    {
        if (!withOrigins)
            return "";
        SourcePlace place = value.Place;
        string variable = value is HoconScalar { Variable: { } name } ? $", environment variable {name}" : "";
        return $"  # {place}{variable}".Replace("\n", "\\n", StringComparison.Ordinal);
    }
}
