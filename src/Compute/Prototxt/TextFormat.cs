using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;

namespace CaffeActors.Compute.Prototxt;

/// <summary>
/// Protobuf's text format, in which Caffe's nets and solvers are written: reads all that protoc reads, prints what
/// protoc prints. Works on the descriptors of the messages, so a new field of the schema needs nothing here. Made for
/// messages of proto2 without groups, maps and extensions, as Caffe's are.
/// </summary>
public static class TextFormat
{
    /// <summary>How deep messages may lie in each other.</summary>
    public const int MaxDepth = 100;

    /// <summary>
    /// Reads a message. It and every message in it then have their <see cref="SourcePlaces"/>.
    /// </summary>
    /// <typeparam name="TMessage">The type of the message.</typeparam>
    /// <param name="text">The text.</param>
    /// <param name="path">The file it comes from, as the user named it; for places and errors only.</param>
    /// <exception cref="CaffeException">
    /// The text is at fault: <see cref="ErrorCodes.TextFormatSyntax"/>, <see cref="ErrorCodes.UnknownField"/> or
    /// <see cref="ErrorCodes.BadFieldValue"/>, always with line and column.
    /// </exception>
    public static TMessage Parse<TMessage>(string text, string path = "")
        where TMessage : class, IMessage<TMessage>, new()
    {
        var message = new TMessage();
        MergeInto(message, text, path);
        return message;
    }

    /// <summary>Reads as much of a message as can be understood, and tells of everything that cannot.</summary>
    /// <typeparam name="TMessage">The type of the message.</typeparam>
    /// <param name="text">The text.</param>
    /// <param name="path">The file it comes from, as the user named it; for places and errors only.</param>
    /// <param name="problem">Hears what <see cref="Parse{TMessage}(string, string)"/> would throw, in the order of the
    /// text.</param>
    /// <returns>The message without the fields at fault; null where the text could not be read to its end.</returns>
    public static TMessage? Parse<TMessage>(string text, string path, Action<TextProblem> problem)
        where TMessage : class, IMessage<TMessage>, new()
    {
        var message = new TMessage();
        try
        {
            new TextParser(text, new SourcePlace(path, 1, 1), replaceRepeated: false, problem).ReadInto(message);
            return message;
        }
        catch (CaffeException end)
        {
            problem(new TextProblem(end, Within: null));
            return null;
        }
    }

    /// <inheritdoc cref="MergeInto(IMessage, string, SourcePlace, bool)"/>
    /// <param name="target">The message to change. After an exception it may be half changed.</param>
    /// <param name="text">Fields of the message.</param>
    /// <param name="path">The file the text comes from, as the user named it.</param>
    /// <param name="replaceRepeated">Whether items of a repeated field replace the old ones instead of joining.</param>
    public static void MergeInto(IMessage target, string text, string path = "", bool replaceRepeated = false) =>
        MergeInto(target, text, new SourcePlace(path, 1, 1), replaceRepeated);

    /// <summary>
    /// Reads fields into a message that may have some already: single values are replaced, messages merged, items of
    /// repeated fields added (or put in place of the old ones). The fields named in the text have their new places.
    /// </summary>
    /// <param name="target">The message to change. After an exception it may be half changed.</param>
    /// <param name="text">Fields of the message.</param>
    /// <param name="origin">Where the text's first character stands in its file.</param>
    /// <param name="replaceRepeated">Whether items of a repeated field replace the old ones instead of joining.</param>
    /// <exception cref="CaffeException">The text is at fault, as with
    /// <see cref="Parse{TMessage}(string, string)"/>.</exception>
    public static void MergeInto(IMessage target, string text, SourcePlace origin, bool replaceRepeated = false) =>
        new TextParser(text, origin, replaceRepeated).ReadInto(target);

    /// <summary>
    /// The canonical text of a message: one field a line in the order of field numbers, messages indented by two
    /// spaces, strings in double quotes with all but printable ASCII escaped, enum values by name, floats with as
    /// many digits as they need to be read back the same. Fields that the schema does not know are left out.
    /// </summary>
    public static string Print(IMessage message) => TextPrinter.Print(message);
}
