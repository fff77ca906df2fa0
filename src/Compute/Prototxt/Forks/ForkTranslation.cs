using System.Collections;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt.Forks;

/// <summary>
/// Copies messages of a fork's schema into those of ours: fields and enum values are matched by name, whatever their
/// numbers; what ours does not have is passed over and remembered. Places in the file go along.
/// </summary>
internal sealed class ForkTranslation
{
    private readonly SortedSet<string> _passedOver = new(StringComparer.Ordinal);

    /// <summary>The fields that were passed over, as <c>LayerParameter.forward_type</c>, each once, sorted.</summary>
    public IReadOnlyCollection<string> PassedOver => _passedOver;

    /// <summary>Copies all fields that are set.</summary>
    /// <param name="from">The fork's message.</param>
    /// <param name="to">Ours, empty.</param>
    /// <exception cref="CaffeException">An enum value that ours does not have.</exception>
    public void Copy(IMessage from, IMessage to)
    {
        to.WithPlaceOf(from);
        foreach (FieldDescriptor theirs in from.Descriptor.Fields.InFieldNumberOrder())
        {
            object value = theirs.Accessor.GetValue(from);
            if (theirs.IsRepeated ? ((IList)value).Count == 0 : !theirs.Accessor.HasValue(from))
                continue;
            if (to.Descriptor.FindFieldByName(theirs.Name) is not { } ours)
            {
                _passedOver.Add($"{from.Descriptor.Name}.{theirs.Name}");
            }
            else if (theirs.IsRepeated)
            {
                var items = (IList)ours.Accessor.GetValue(to);
                foreach (object item in (IList)value)
                    items.Add(Convert(item, theirs, ours, from));
            }
            else
            {
                ours.Accessor.SetValue(to, Convert(value, theirs, ours, from));
            }
        }
    }

    private object Convert(object value, FieldDescriptor theirs, FieldDescriptor ours, IMessage owner)
    {
        if (value is IMessage message)
        {
            IMessage copy = ours.MessageType.Parser.ParseFrom(ReadOnlySpan<byte>.Empty);
            Copy(message, copy);
            return copy;
        }

        if (theirs.FieldType != FieldType.Enum)
            return value;
        int number = System.Convert.ToInt32(value, CultureInfo.InvariantCulture);
        string name = theirs.EnumType.FindValueByNumber(number)?.Name ?? $"{number}";
        return ours.EnumType.FindValueByName(name)?.Number ?? throw new CaffeException(
            ErrorCodes.BadFieldValue,
            FailureKind.Configuration,
            $"'{theirs.Name}: {name}' is a value of NVIDIA's fork of Caffe that has no counterpart here.",
            SourcePlaces.OfField(owner, theirs.Name));
    }
}
