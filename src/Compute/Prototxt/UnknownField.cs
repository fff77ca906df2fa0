using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt.Forks;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt;

/// <summary>The error of a field that its message does not have, with the likeliest cause.</summary>
internal static class UnknownField
{
    private const int NamesShown = 3;

    /// <summary>Makes the error.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="place">Where.</param>
    /// <param name="open">The messages around it, the outermost first.</param>
    public static CaffeException Fault(string name, SourcePlace place, List<OpenMessage> open)
    {
        MessageDescriptor message = open[^1].Descriptor;
        string? otherFile = open.Count == 1 ? OtherFile(name, message) : null;
        string advice = MissingBrace(name, open) ?? OfFork(name, message) ?? Inside(name, message) ?? otherFile
            ?? Similar(name, message)
            ?? "The file may be written for a fork of Caffe that has it.";
        return new CaffeException(
            ErrorCodes.UnknownField,
            FailureKind.Configuration,
            $"{message.Name} has no field '{Tokenizer.Cut(name)}'. {advice}",
            place);
    }

    private static string? MissingBrace(string name, List<OpenMessage> open)
    {
        for (int i = open.Count - 2; i >= 0; i--)
        {
            if (open[i].Descriptor.FindFieldByName(name) is not null)
            {
                return $"{open[i].Descriptor.Name} around it has one: is the end of the {open[i + 1].Descriptor.Name} "
                    + $"of line {open[i + 1].Place.Line} missing?";
            }
        }

        return null;
    }

    private static string? OfFork(string name, MessageDescriptor message)
    {
        if (NvidiaFork.Has(message.Name, name))
        {
            return "NVIDIA's fork of Caffe has one; it is understood in a file that the fork's schema can read to its "
                + "end, without fields of Caffe's that the fork lacks.";
        }

        return message == LayerParameter.Descriptor && KnownForks.OfField(name) is { } fork
            ? $"It belongs to {fork}, whose files are not read here."
            : null;
    }

    private static string? Inside(string name, MessageDescriptor message)
    {
        string[] places =
        [
            .. message.Fields.InDeclarationOrder()
                .Where(field => field.FieldType == FieldType.Message)
                .Where(field => field.MessageType.FindFieldByName(name) is not null)
                .Select(field => field.Name),
        ];
        if (places.Length == 0)
            return null;
        string rest = places.Length > NamesShown ? " and others" : "";
        return $"It belongs inside a message of its own, as in {string.Join(", ", places.Take(NamesShown))}{rest}.";
    }

    private static string? Similar(string name, MessageDescriptor message) =>
        Nearest.Of(name, message.Fields.InDeclarationOrder().Select(field => field.Name)) is { } nearest
            ? $"Did you mean '{nearest}'? The file may also be written for a fork of Caffe that has this field."
            : null;

    private static string? OtherFile(string name, MessageDescriptor message)
    {
        MessageDescriptor? owner = message.File.MessageTypes
            .FirstOrDefault(type => type.FindFieldByName(name) is not null);
        return owner is null ? null : $"{owner.Name} has one: is this another kind of file?";
    }
}
