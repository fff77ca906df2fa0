using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>Takes what is at fault out of a configuration, so that the rest can be looked at.</summary>
internal static class HoconMend
{
    /// <summary>The configuration without what was written at a place.</summary>
    /// <param name="values">The configuration.</param>
    /// <param name="place">Where the key or the value at fault stands.</param>
    /// <param name="defaults">What comes in its place, where it has a default.</param>
    /// <returns>Null where nothing of the configuration stands there.</returns>
    public static HoconObject? Without(HoconObject values, SourcePlace? place, HoconObject defaults) =>
        place is { Line: > 0 } known ? Object(values, known, defaults) : null;

    private static HoconObject? Object(HoconObject values, SourcePlace place, HoconObject? defaults)
    {
        // What stands within comes first: an object and its first key may stand at one place.
        foreach (string key in values.Keys)
        {
            HoconObject? below = defaults is not null && defaults.TryGet(key, out HoconValue? known)
                ? known as HoconObject : null;
            HoconValue? mended = values[key] switch
            {
                HoconObject inner => Object(inner, place, below),
                HoconArray list => Array(list, place),
                _ => null,
            };
            if (mended is not null)
                return values.With(key, mended, values.PlaceOfKey(key));
        }

        foreach (string key in values.Keys.Concat(values.UndefinedKeys))
        {
            if (values.PlaceOfKey(key) != place && !(values.TryGet(key, out HoconValue? value) && value.Place == place))
                continue;
            return defaults is not null && defaults.TryGet(key, out HoconValue? standard) && standard.Place != place
                ? values.With(key, standard, standard.Place) : values.Without(key);
        }

        return null;
    }

    private static HoconArray? Array(HoconArray list, SourcePlace place)
    {
        for (int i = 0; i < list.Items.Count; i++)
        {
            HoconValue item = list.Items[i];
            HoconValue[] rest = [.. list.Items.Where((_, other) => other != i)];
            if (item is HoconObject inner && Object(inner, place, null) is { } mended)
                return new HoconArray([.. list.Items.Take(i), mended, .. list.Items.Skip(i + 1)], list.Place);
            if (item.Place == place)
                return new HoconArray(rest, list.Place);
        }

        return null;
    }
}
