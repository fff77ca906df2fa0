using System.Runtime.CompilerServices;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;

namespace CaffeActors.Compute.Prototxt;

/// <summary>
/// Where messages that were read from text stood in their file, so that an error found long after reading can name
/// line and column. Kept beside the messages, for as long as they live; a clone has no place unless it is given one.
/// </summary>
public static class SourcePlaces
{
    private static readonly ConditionalWeakTable<IMessage, StrongBox<SourcePlace>> Places = [];

    /// <summary>The place of a message, or null where it did not come from text.</summary>
    public static SourcePlace? Of(IMessage message) => Places.TryGetValue(message, out StrongBox<SourcePlace>? place) ? place.Value : null;

    /// <summary>Remembers the place of a message.</summary>
    public static void Set(IMessage message, SourcePlace place) => Places.AddOrUpdate(message, new StrongBox<SourcePlace>(place));

    /// <summary>Gives a message the place of the one it was made from.</summary>
    public static TMessage WithPlaceOf<TMessage>(this TMessage message, IMessage origin)
        where TMessage : class, IMessage
    {
        if (Of(origin) is { } place)
            Set(message, place);
        return message;
    }
}
