using System.Reflection;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Data.PlugIns;

/// <summary>Finds class libraries of layers by name: those known already, else files.</summary>
/// <param name="known">Assemblies known already; the list may grow.</param>
/// <param name="resolvePath">Finds files.</param>
/// <param name="notice">Hears of each file whose code is loaded.</param>
internal sealed class LayerModules(
    IReadOnlyList<Assembly> known, Func<string, string> resolvePath, Action<string> notice) : ILayerModules
{
    /// <inheritdoc/>
    public Assembly Find(string module, SourcePlace? place)
    {
        string file = module.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? module : module + ".dll";
        string name = Path.GetFileNameWithoutExtension(file);
        if (module == name && known.FirstOrDefault(assembly => assembly.GetName().Name == name) is { } there)
            return there;
        string? folder = place is { Path.Length: > 0 } at ? Path.GetDirectoryName(Path.GetFullPath(at.Path)) : null;
        foreach (string candidate in folder is null ? [file] : (string[])[file, Path.Combine(folder, file)])
        {
            if (resolvePath(candidate) is { } path && File.Exists(path))
            {
                notice($"Loading the class library '{Path.GetFullPath(path)}', named "
                    + (place is null ? "by the caller" : $"at {place}"));
                return LayerAssembly.Load(path, place);
            }
        }

        throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration,
            $"there is no class library '{file}' (looked for from {Environment.CurrentDirectory}"
            + (folder is null ? "" : $" and {folder}") + ")" + PythonHint(module, folder), place);
    }

    private static string PythonHint(string module, string? folder)
    {
        string script = module + ".py";
        return File.Exists(script) || (folder is not null && File.Exists(Path.Combine(folder, script)))
            ? $"; '{script}' is there, but layers of one's own are written for .NET here: see docs/own-layers.md"
            : "";
    }
}
