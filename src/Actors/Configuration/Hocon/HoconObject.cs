using System.Diagnostics.CodeAnalysis;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>Keys and their values, in the order in which the keys were first written.</summary>
public sealed class HoconObject : HoconValue
{
    private readonly OrderedDictionary<string, Field> _fields = [];
    private readonly Dictionary<string, SourcePlace> _undefined = [];

    /// <summary>Makes an empty object, to be filled by the resolver only.</summary>
    internal HoconObject(SourcePlace place)
        : base(place)
    {
    }

    /// <inheritdoc/>
    public override HoconKind Kind => HoconKind.Object;

    /// <inheritdoc/>
    public override string Described => "an object";

    /// <summary>The keys, in order.</summary>
    public IReadOnlyList<string> Keys => _fields.Keys;

    /// <summary>
    /// Keys that were written but have no value, since all they were set to is optional substitutions of what does
    /// not exist (<c>key = ${?UNSET}</c>).
    /// </summary>
    public IReadOnlyCollection<string> UndefinedKeys => _undefined.Keys;

    /// <summary>The value of a key, which is no path here.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key.</exception>
    public HoconValue this[string key] => _fields[key].Value;

    /// <summary>Finds the value of a key, which is no path here.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out HoconValue? value)
    {
        bool found = _fields.TryGetValue(key, out Field field);
        value = field.Value;
        return found;
    }

    /// <summary>The value at a path expression, such as <c>train.max-iter</c> or <c>layers."conv1/7x7"</c>; null where
    /// there is none.</summary>
    /// <exception cref="CaffeException">The text is no path expression.</exception>
    public HoconValue? Find(string path)
    {
        HoconValue? value = this;
        foreach (string key in HoconText.ParsePath(path))
            value = value is HoconObject inner && inner.TryGet(key, out HoconValue? next) ? next : null;
        return value;
    }

    /// <summary>Where a key was written, which is not where its value stands; the object's own place for an unknown
    /// one.</summary>
    public SourcePlace PlaceOfKey(string key) =>
        _fields.TryGetValue(key, out Field field) ? field.Place : _undefined.GetValueOrDefault(key, Place);

    /// <summary>The object as HOCON text that reads back equal: one key a line, without outer braces.</summary>
    /// <param name="withOrigins">Whether each value is followed by the place it came from, as a comment.</param>
    public string Render(bool withOrigins = false) => HoconRenderer.Render(this, withOrigins);

    /// <summary>What was written elsewhere than in one file: keys that stand there are left out, and so is an object of
    /// which nothing is left.</summary>
    /// <param name="path">The file, as places call it.</param>
    public HoconObject WrittenOutside(string path)
    {
        var rest = new HoconObject(Place);
        foreach ((string name, Field field) in _fields)
        {
            if (field.Value is HoconObject { Keys.Count: > 0 } inner)
            {
                HoconObject kept = inner.WrittenOutside(path);
                if (kept.Keys.Count > 0 || kept.UndefinedKeys.Count > 0)
                    rest.Add(name, kept, field.Place);
            }
            else if (field.Place.Path != path)
            {
                rest.Add(name, field.Value, field.Place);
            }
        }

        foreach ((string name, SourcePlace place) in _undefined.Where(entry => entry.Value.Path != path))
            rest.AddUndefined(name, place);
        return rest;
    }

    /// <summary>The same object but for one key.</summary>
    internal HoconObject Without(string key)
    {
        var rest = new HoconObject(Place);
        foreach ((string name, Field field) in _fields.Where(entry => entry.Key != key))
            rest.Add(name, field.Value, field.Place);
        foreach ((string name, SourcePlace place) in _undefined.Where(entry => entry.Key != key))
            rest.AddUndefined(name, place);
        return rest;
    }

    /// <summary>The same object with another value for a key.</summary>
    internal HoconObject With(string key, HoconValue value, SourcePlace keyPlace)
    {
        var changed = new HoconObject(Place);
        foreach ((string name, Field field) in _fields)
            changed.Add(name, name == key ? value : field.Value, name == key ? keyPlace : field.Place);
        foreach ((string name, SourcePlace place) in _undefined.Where(entry => entry.Key != key))
            changed.AddUndefined(name, place);
        if (!_fields.ContainsKey(key))
            changed.Add(key, value, keyPlace);
        return changed;
    }

    internal void Add(string key, HoconValue value, SourcePlace place) => _fields.Add(key, new Field(value, place));

    internal void AddUndefined(string key, SourcePlace place) => _undefined.Add(key, place);

    private readonly record struct Field(HoconValue Value, SourcePlace Place);
}
