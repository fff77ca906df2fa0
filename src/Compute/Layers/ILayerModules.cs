using System.Reflection;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Layers;

/// <summary>Finds assemblies that nets name (<c>python_param.module</c>).</summary>
public interface ILayerModules
{
    /// <summary>Finds an assembly.</summary>
    /// <param name="module">Its name, or its path, with or without <c>.dll</c>.</param>
    /// <param name="place">Where it is named: the folder of that file is one of those looked in. Null for
    /// nowhere.</param>
    /// <exception cref="CaffeException">It is nowhere, or it cannot be used.</exception>
    Assembly Find(string module, SourcePlace? place);
}
