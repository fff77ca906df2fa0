using System.Collections;
using System.Runtime.CompilerServices;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt;

/// <summary>
/// Where messages that were read from text stood in their file, and their fields, so that an error found long after
/// reading can name line and column. Kept beside the messages, for as long as they live; a clone has no place unless
/// it is given one. Reading is thread-safe; places are set by whoever makes the message.
/// </summary>
public static class SourcePlaces
{
    private static readonly ConditionalWeakTable<IMessage, Places> _table = [];

    /// <summary>The place of a message, or null where it did not come from text.</summary>
    public static SourcePlace? Of(IMessage message) =>
        _table.TryGetValue(message, out Places? places) ? places.Message : null;

    /// <summary>
    /// The place of a field: where its name stands, at its first occurrence. Of a repeated field of strings or
    /// messages each item is known by itself. Where the text does not have the field, the place of the message.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="fieldName">The field's name as the schema has it, such as <c>kernel_size</c>.</param>
    /// <param name="index">Which item of a repeated field.</param>
    /// <returns>The place, or null where the message did not come from text.</returns>
    public static SourcePlace? OfField(IMessage message, string fieldName, int index = 0)
    {
        if (!_table.TryGetValue(message, out Places? places))
            return null;
        if (places.Fields is not { } fields)
            return places.Message;
        bool known = fields.TryGetValue((fieldName, index), out SourcePlace place)
            || fields.TryGetValue((fieldName, 0), out place);
        return known ? place : places.Message;
    }

    /// <summary>Remembers the place of a message.</summary>
    public static void Set(IMessage message, SourcePlace place) => For(message).Message = place;

    /// <summary>Remembers the place of a field, or of an item of a repeated one.</summary>
    public static void SetField(IMessage message, string fieldName, SourcePlace place, int index = 0)
    {
        Places places = For(message);
        (places.Fields ??= [])[(fieldName, index)] = place;
    }

    /// <summary>
    /// Gives a message the place of the one it was made from, and its fields those of the fields of the same names.
    /// </summary>
    public static TMessage WithPlaceOf<TMessage>(this TMessage message, IMessage origin)
        where TMessage : class, IMessage
    {
        if (_table.TryGetValue(origin, out Places? places))
        {
            FieldPlaces? fields = places.Fields is null ? null : new FieldPlaces(places.Fields);
            _table.AddOrUpdate(message, new Places { Message = places.Message, Fields = fields });
        }

        return message;
    }

    /// <summary>A deep copy that keeps the places of the message and of all messages in it.</summary>
    public static TMessage CloneWithPlaces<TMessage>(this TMessage message)
        where TMessage : class, IMessage, IDeepCloneable<TMessage>
    {
        TMessage clone = message.Clone();
        CopyPlaces(message, clone);
        return clone;
    }

    /// <summary>Keeps what the reader saw: fields get their new places, a message that had a place keeps it.</summary>
    internal static void Record(IMessage message, SourcePlace place, FieldPlaces fields)
    {
        Places places = For(message);
        places.Message ??= place;
        if (places.Fields is null)
        {
            places.Fields = fields;
            return;
        }

        foreach (((string Name, int Index) field, SourcePlace fieldPlace) in fields)
            places.Fields[field] = fieldPlace;
    }

    private static Places For(IMessage message) => _table.GetValue(message, static _ => new Places());

    private static void CopyPlaces(IMessage from, IMessage to)
    {
        to.WithPlaceOf(from);
        foreach (FieldDescriptor field in from.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message || field.IsMap)
                continue;
            object? origin = field.Accessor.GetValue(from), copy = field.Accessor.GetValue(to);
            if (origin is IMessage message)
            {
                CopyPlaces(message, (IMessage)copy!);
            }
            else if (origin is IList list)
            {
                for (int i = 0; i < list.Count; i++)
                    CopyPlaces((IMessage)list[i]!, (IMessage)((IList)copy!)[i]!);
            }
        }
    }

    private sealed class Places
    {
        public SourcePlace? Message { get; set; }

        public FieldPlaces? Fields { get; set; }
    }
}
