using System.Reflection;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.PlugIns;

/// <summary>Loads class libraries of layers and finds out at once, not in the middle of a run, whether they
/// fit.</summary>
internal static class LayerAssembly
{
    // One assembly for one file, however many nets name it.
    private static readonly Dictionary<(string Path, DateTime Written), Assembly> _loaded = [];
    private static readonly Lock _lock = new();

    /// <summary>Loads a library.</summary>
    /// <param name="path">A file that is there.</param>
    /// <param name="place">Where it was named.</param>
    /// <exception cref="CaffeException">It is no .NET library of layers, was built against another version, or lacks
    /// what it needs.</exception>
    public static Assembly Load(string path, SourcePlace? place)
    {
        string full = Path.GetFullPath(path);
        lock (_lock)
        {
            (string, DateTime) key = (full, File.GetLastWriteTimeUtc(full));
            if (!_loaded.TryGetValue(key, out Assembly? assembly))
                _loaded.Add(key, assembly = Open(path, full, place));
            return assembly;
        }
    }

    private static Assembly Open(string path, string full, SourcePlace? place)
    {
        try
        {
            Assembly assembly = new PlugInContext(full).LoadFromAssemblyPath(full);
            RequireVersion(assembly, path, place);
            foreach (Type type in assembly.GetTypes())
                Check(type, path, place);
            return assembly;
        }
        catch (BadImageFormatException cause)
        {
            throw Bad($"'{path}' is no .NET class library", place, cause);
        }
        catch (ReflectionTypeLoadException cause)
        {
            string why = cause.LoaderExceptions.FirstOrDefault()?.Message ?? cause.Message;
            throw Bad($"'{path}' does not fit this program: {why}; build it again against this version, with all it "
                + "needs beside it", place, cause);
        }
        catch (Exception cause) when (cause is IOException or TypeLoadException or UnauthorizedAccessException)
        {
            throw Bad($"'{path}' cannot be loaded: {cause.Message}", place, cause);
        }
    }

    // Within a minor version nothing that layers use is taken away; what is newer may use what is not here.
    private static void RequireVersion(Assembly assembly, string path, SourcePlace? place)
    {
        AssemblyName program = typeof(Layer).Assembly.GetName();
        Version? built = assembly.GetReferencedAssemblies().FirstOrDefault(name => name.Name == program.Name)?.Version;
        if (built is null)
        {
            throw Bad($"'{path}' holds no layers: it does not refer to {program.Name}, which layers derive from",
                place);
        }

        Version own = program.Version!;
        if ((built.Major, built.Minor) != (own.Major, own.Minor) || built.Build > own.Build)
        {
            throw Bad($"'{path}' was built against {program.Name} {built.ToString(3)}, this program has "
                + $"{own.ToString(3)}; build it again against that", place);
        }
    }

    private static void Check(Type type, string path, SourcePlace? place)
    {
        if (type.GetCustomAttribute<LayerAttribute>(inherit: false) is not { } layer)
            return;
        string what = $"'{path}': class {type.FullName}, layer type '{layer.Name}', ";
        if (!type.IsSubclassOf(typeof(Layer)) && !type.IsAssignableTo(typeof(ILayerFactory)))
            throw Bad($"{what}does not derive from {nameof(Layer)}", place);
        if (type.IsAbstract)
            throw Bad($"{what}is abstract; give the attribute to classes that can be made", place);
        if (type.GetConstructor([typeof(LayerParameter)]) is null)
            throw Bad($"{what}has no public constructor that takes one {nameof(LayerParameter)}", place);
    }

    private static CaffeException Bad(string message, SourcePlace? place, Exception? cause = null) =>
        new(ErrorCodes.BadLayerAssembly, FailureKind.Configuration, message, place, cause);
}
