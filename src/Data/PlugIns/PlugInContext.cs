using System.Reflection;
using System.Runtime.Loader;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Data.PlugIns;

/// <summary>
/// Where a class library of layers and what it alone needs is loaded. What the program has too (its own assemblies,
/// the schema's library) is the program's: a layer of another <c>Layer</c> class would be none.
/// </summary>
/// <param name="path">The library.</param>
internal sealed class PlugInContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path))
{
    private static readonly AssemblyLoadContext Program = GetLoadContext(typeof(Layer).Assembly) ?? Default;

    private static readonly HashSet<string> Shared =
        ["CaffeActors.Compute", "CaffeActors.Data", "CaffeActors.Actors", "CaffeActors.Api", "Google.Protobuf"];

    private readonly AssemblyDependencyResolver _resolver = new(path);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name is { } name && Shared.Contains(name))
            return Program.LoadFromAssemblyName(new AssemblyName(name));
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } found ? LoadUnmanagedDllFromPath(found) : 0;
}
