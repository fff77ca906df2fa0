using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Actors.Tests.Cluster.Serialization;

/// <summary>Messages of the schema with every field set, each to a value of its own.</summary>
internal static class MessageSample
{
    public static IEnumerable<MessageDescriptor> Types => CaffeactorsReflection.Descriptor.MessageTypes;

    public static IMessage Of(MessageDescriptor type)
    {
        IMessage message = type.Parser.ParseFrom([]);
        foreach (FieldDescriptor field in type.Fields.InFieldNumberOrder())
        {
            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(message);
                list.Add(Value(field, 0));
                list.Add(Value(field, 1));
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, 0));
            }
        }

        return message;
    }

    private static object Value(FieldDescriptor field, int index)
    {
        int number = field.FieldNumber + (100 * index);
        return field.FieldType switch
        {
            FieldType.String => $"{field.Name} {number}",
            FieldType.Bool => true,
            FieldType.Bytes => ByteString.CopyFrom((byte)number, 1, 2),
            FieldType.Float => number + 0.25f,
            FieldType.Double => number + 0.125,
            FieldType.Int32 => -number,
            FieldType.Int64 => -(1L << 40) - number,
            FieldType.UInt32 => 3_000_000_000u + (uint)number,
            FieldType.UInt64 => (1UL << 63) + (ulong)number,
            FieldType.Fixed64 => 0xFEDCBA9876543210UL + (ulong)number,
            FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, field.EnumType.Values[^1].Number),
            FieldType.Message => Of(field.MessageType),
            _ => throw new NotSupportedException($"a sample of {field.FullName}, a {field.FieldType}, is missing"),
        };
    }
}
