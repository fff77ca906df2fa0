using System.Globalization;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Actors.Configuration;

/// <summary>Sets fields of a protobuf message from HOCON: simple values replace, messages merge, lists replace, null
/// clears.</summary>
public static class ProtoOverride
{
    /// <summary>Applies overrides; fields are called as the schema calls them.</summary>
    /// <param name="target">The message to change.</param>
    /// <param name="overrides">Field names and values.</param>
    /// <exception cref="CaffeException">A field is unknown or a value does not fit it; the place is the
    /// value's.</exception>
    public static void Apply(IMessage target, HoconObject overrides)
    {
        foreach (string name in overrides.Keys)
        {
            FieldDescriptor field = target.Descriptor.FindFieldByName(name)
                ?? throw UnknownField(target, overrides, name);
            Set(target, field, overrides[name]);
            SourcePlaces.SetField(target, name, overrides[name].Place);
        }
    }

    private static void Set(IMessage target, FieldDescriptor field, HoconValue value)
    {
        if (value.Kind == HoconKind.Null)
        {
            field.Accessor.Clear(target);
        }
        else if (field.IsRepeated)
        {
            var list = (System.Collections.IList)field.Accessor.GetValue(target);
            list.Clear();
            foreach (HoconValue item in value is HoconArray array ? array.Items : [value])
                list.Add(Value(field, item, null));
        }
        else
        {
            var current = field.FieldType == FieldType.Message ? (IMessage?)field.Accessor.GetValue(target) : null;
            field.Accessor.SetValue(target, Value(field, value, current));
        }
    }

    private static object Value(FieldDescriptor field, HoconValue value, IMessage? current)
    {
        if (field.FieldType == FieldType.Message)
        {
            if (value is not HoconObject inner)
                throw Wrong(field, value, $"an object with fields of {field.MessageType.Name}");
            IMessage message = current ?? field.MessageType.Parser.ParseFrom(ByteString.Empty);
            if (current is null)
                SourcePlaces.Set(message, value.Place);
            Apply(message, inner);
            return message;
        }

        if (value is not HoconScalar scalar)
            throw Wrong(field, value, "a simple value");
        return field.FieldType switch
        {
            FieldType.String => scalar.Text,
            FieldType.Bytes => ByteString.CopyFromUtf8(scalar.Text),
            FieldType.Bool => HoconSection.TryFlag(scalar) ?? throw Wrong(field, value, "true or false"),
            FieldType.Enum => EnumValue(field, scalar),
            FieldType.Float => Float(field, scalar),
            FieldType.Double => Number(field, scalar),
            FieldType.Int32 => (int)Integer(field, scalar, int.MinValue, int.MaxValue),
            FieldType.UInt32 => (uint)Integer(field, scalar, 0, uint.MaxValue),
            FieldType.UInt64 => (ulong)Integer(field, scalar, 0, long.MaxValue),
            _ => Integer(field, scalar, long.MinValue, long.MaxValue),
        };
    }

    private static object EnumValue(FieldDescriptor field, HoconScalar scalar)
    {
        EnumValueDescriptor? found = field.EnumType.FindValueByName(scalar.Text)
            ?? (HoconSection.TryInteger(scalar) is { } number and >= int.MinValue and <= int.MaxValue
                ? field.EnumType.FindValueByNumber((int)number)
                : null);
        string names = string.Join(", ", field.EnumType.Values.Select(value => value.Name));
        return Enum.ToObject(field.EnumType.ClrType, (found ?? throw Wrong(field, scalar, $"one of {names}")).Number);
    }

    private static double Number(FieldDescriptor field, HoconScalar scalar) =>
        HoconSection.TryNumber(scalar) ?? throw Wrong(field, scalar, "a number");

    private static float Float(FieldDescriptor field, HoconScalar scalar) =>
        (float)Number(field, scalar) is var number && float.IsFinite(number)
            ? number
            : throw Wrong(field, scalar, "a number that a 32-bit float can hold");

    private static long Integer(FieldDescriptor field, HoconScalar scalar, long least, long most) =>
        HoconSection.TryInteger(scalar) is { } number && number >= least && number <= most
            ? number
            : throw Wrong(field, scalar,
                string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));

    private static CaffeException Wrong(FieldDescriptor field, HoconValue value, string expected) =>
        new(ErrorCodes.BadFieldValue, FailureKind.Configuration,
            $"field '{field.Name}' of {field.ContainingType.Name} is {value.Described}; it must be {expected}",
            value.Place);

    private static CaffeException UnknownField(IMessage target, HoconObject overrides, string name)
    {
        string hint = Nearest.Of(
            name, target.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name)) is { } near
            ? $"; did you mean '{near}'?"
            : "";
        return new CaffeException(ErrorCodes.UnknownField, FailureKind.Configuration,
            $"{target.Descriptor.Name} has no field '{name}'{hint}", overrides.PlaceOfKey(name));
    }
}
