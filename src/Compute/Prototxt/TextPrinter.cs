using System.Collections;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt;

/// <summary>Prints messages as text, in the very form protoc does.</summary>
internal static class TextPrinter
{
    /// <summary>The text of a message, each line ended by a newline.</summary>
    public static string Print(IMessage message)
    {
        var builder = new StringBuilder();
        AppendFields(builder, message, indent: 0);
        return builder.ToString();
    }

    private static void AppendFields(StringBuilder builder, IMessage message, int indent)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.IsRepeated)
            {
                foreach (object item in (IList)field.Accessor.GetValue(message))
                    AppendField(builder, field, item, indent);
            }
            else if (field.Accessor.HasValue(message))
            {
                AppendField(builder, field, field.Accessor.GetValue(message), indent);
            }
        }
    }

    private static void AppendField(StringBuilder builder, FieldDescriptor field, object value, int indent)
    {
        builder.Append(' ', indent).Append(field.Name);
        if (value is IMessage message)
        {
            builder.Append(" {\n");
            AppendFields(builder, message, indent + 2);
            builder.Append(' ', indent).Append("}\n");
            return;
        }

        builder.Append(": ");
        switch (value)
        {
            case float number:
                builder.Append(FloatText.Of(number));
                break;
            case double number:
                builder.Append(FloatText.Of(number));
                break;
            case bool flag:
                builder.Append(flag ? "true" : "false");
                break;
            case string text:
                StringLiteral.AppendEscaped(builder, Encoding.UTF8.GetBytes(text));
                break;
            case ByteString bytes:
                StringLiteral.AppendEscaped(builder, bytes.Span);
                break;
            case Enum:
                int selected = Convert.ToInt32(value, CultureInfo.InvariantCulture);
                builder.Append(field.EnumType.FindValueByNumber(selected)?.Name ?? $"{selected}");
                break;
            default:
                builder.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }

        builder.Append('\n');
    }
}
