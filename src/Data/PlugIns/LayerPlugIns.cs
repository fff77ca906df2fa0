using System.Reflection;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Data.Layers;

namespace CaffeActors.Data.PlugIns;

/// <summary>
/// The layer types of a program: those built in, those of class libraries the user names, and, through
/// <see cref="LayerCatalog.Modules"/>, those of libraries that nets name.
/// </summary>
public static class LayerPlugIns
{
    private static readonly Assembly[] _builtIn = [typeof(Layer).Assembly, typeof(BatchLayer).Assembly];

    /// <summary>The layers built in; nets may name libraries in the current folder and beside themselves.</summary>
    public static LayerCatalog BuiltIn { get; } = Catalog([], static path => path);

    /// <summary>The layers built in and those of some libraries.</summary>
    /// <param name="libraries">The libraries.</param>
    /// <param name="resolvePath">Finds files, as <see cref="Nets.PathFinder.Resolve"/> does.</param>
    /// <param name="notice">Hears of each file whose code is loaded, also later, for nets that name one. Default:
    /// nobody hears.</param>
    /// <exception cref="CaffeException">A library is missing or cannot be used, or brings a layer type that is there
    /// already.</exception>
    public static LayerCatalog Catalog(
        IReadOnlyList<LibraryReference> libraries, Func<string, string> resolvePath, Action<string>? notice = null) =>
        Catalog(libraries, resolvePath, [], notice);

    /// <summary>The same with assemblies of a program's own, which need no loading.</summary>
    /// <param name="libraries">The libraries.</param>
    /// <param name="resolvePath">Finds files.</param>
    /// <param name="own">Assemblies of the program's own with classes that have a
    /// <see cref="LayerAttribute"/>.</param>
    /// <param name="notice">Hears of each file whose code is loaded. Default: nobody hears.</param>
    /// <exception cref="CaffeException">A library is missing or cannot be used, or a layer type is there
    /// already.</exception>
    public static LayerCatalog Catalog(
        IReadOnlyList<LibraryReference> libraries, Func<string, string> resolvePath, IReadOnlyList<Assembly> own,
        Action<string>? notice = null)
    {
        List<Assembly> assemblies = [.. _builtIn];
        Dictionary<string, Type> types = [];
        foreach (Assembly assembly in _builtIn)
            Register(assembly, null);
        foreach (Assembly assembly in own.Where(assembly => !assemblies.Contains(assembly)))
        {
            assemblies.Add(assembly);
            Register(assembly, null);
        }

        var modules = new LayerModules(assemblies, resolvePath, notice ?? (static _ => { }));
        foreach (LibraryReference library in libraries)
        {
            Assembly assembly = modules.Find(library.Name, library.Place);
            if (assemblies.Contains(assembly))
                continue;
            assemblies.Add(assembly);
            Register(assembly, library);
        }

        return new LayerCatalog(assemblies) { Modules = modules };

        void Register(Assembly assembly, LibraryReference? library)
        {
            foreach (Type type in assembly.GetTypes())
            {
                if (type.GetCustomAttribute<LayerAttribute>(inherit: false)?.Name is { } name
                    && !types.TryAdd(name, type))
                {
                    throw new CaffeException(ErrorCodes.BadLayerAssembly, FailureKind.Configuration,
                        $"'{library?.Name ?? assembly.GetName().Name}': class {type.FullName} is called '{name}', "
                        + $"as class {types[name].FullName} of {types[name].Assembly.GetName().Name} is already; give "
                        + "one of them another [Layer] name", library?.Place);
                }
            }
        }
    }
}
