using System.Collections;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>Moves values between messages over their descriptors.</summary>
internal static class FieldMove
{
    /// <summary>Sets a field, or adds an item to a repeated one; numbers and enum values are converted.</summary>
    /// <exception cref="CaffeException">A negative value for an unsigned field.</exception>
    public static void Put(IMessage target, string fieldName, object value)
    {
        FieldDescriptor field = target.Descriptor.FindFieldByName(fieldName);
        object fitting = (field.FieldType, value) switch
        {
            (FieldType.UInt32, int number) when number >= 0 => (uint)number,
            (FieldType.UInt32, int number) => throw new CaffeException(
                ErrorCodes.BadFieldValue,
                FailureKind.Configuration,
                $"'{fieldName}' cannot be negative; {number} is.",
                SourcePlaces.OfField(target, fieldName)),
            (FieldType.Enum, _) => Convert.ToInt32(value, CultureInfo.InvariantCulture),
            _ => value,
        };
        if (field.IsRepeated)
            ((IList)field.Accessor.GetValue(target)).Add(fitting);
        else
            field.Accessor.SetValue(target, fitting);
    }

    /// <summary>The message in a field, made where it is missing.</summary>
    /// <param name="owner">The message with the field.</param>
    /// <param name="fieldName">Its name.</param>
    /// <param name="origin">Whose place a new message gets.</param>
    public static IMessage Child(IMessage owner, string fieldName, IMessage origin)
    {
        FieldDescriptor field = owner.Descriptor.FindFieldByName(fieldName);
        if (field.Accessor.GetValue(owner) is IMessage child)
            return child;
        child = field.MessageType.Parser.ParseFrom(ReadOnlySpan<byte>.Empty).WithPlaceOf(origin);
        field.Accessor.SetValue(owner, child);
        return child;
    }

    /// <summary>Gives a field the place of the one its value came from.</summary>
    public static void CarryPlace(IMessage from, string fromField, IMessage to, string toField)
    {
        if (SourcePlaces.OfField(from, fromField) is { } place)
            SourcePlaces.SetField(to, toField, place);
    }
}
