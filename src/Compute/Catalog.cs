using System.Reflection;

namespace CaffeActors.Compute;

/// <summary>The name by which a class is found: its attribute's.</summary>
public interface ICatalogKey
{
    /// <summary>The name users write.</summary>
    string Name { get; }
}

/// <summary>
/// Classes found by an attribute, made by name. A new one needs no list to be edited: the attribute on the class is
/// its registration, several of them are several names.
/// </summary>
/// <typeparam name="TBase">What the classes are handed out as.</typeparam>
/// <typeparam name="TAttribute">The attribute that names them.</typeparam>
/// <typeparam name="TArgument">The one argument of their public constructor.</typeparam>
public sealed class Catalog<TBase, TAttribute, TArgument>
    where TAttribute : Attribute, ICatalogKey
{
    private readonly SortedDictionary<string, ConstructorInfo> _constructors = new(StringComparer.Ordinal);

    /// <summary>Scans assemblies.</summary>
    /// <exception cref="InvalidOperationException">Two classes have one name, or a class lacks the
    /// constructor.</exception>
    public Catalog(params IEnumerable<Assembly> assemblies)
    {
        foreach (Type type in assemblies.Distinct().SelectMany(assembly => assembly.GetTypes()))
        {
            foreach (TAttribute attribute in type.GetCustomAttributes<TAttribute>(inherit: false))
                Add(type, attribute.Name);
        }
    }

    /// <summary>All names, sorted.</summary>
    public IReadOnlyCollection<string> Names => _constructors.Keys;

    /// <summary>The class of a name, or null.</summary>
    public Type? Find(string name) => _constructors.GetValueOrDefault(name)?.DeclaringType;

    /// <summary>Makes an instance, or returns null where the name is unknown.</summary>
    public TBase? Create(string name, TArgument argument)
    {
        if (!_constructors.TryGetValue(name, out ConstructorInfo? constructor))
            return default;
        return (TBase)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, [argument], null);
    }

    private void Add(Type type, string name)
    {
        ConstructorInfo constructor = type.GetConstructor([typeof(TArgument)])
            ?? throw new InvalidOperationException(
                $"{type} has no public constructor of one {typeof(TArgument).Name}.");
        if (!_constructors.TryAdd(name, constructor))
            throw new InvalidOperationException($"Two classes are called '{name}': {type} is the second.");
    }
}
