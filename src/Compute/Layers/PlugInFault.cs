using System.Runtime.Loader;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;

namespace CaffeActors.Compute.Layers;

/// <summary>Tells what a plugged-in class throws as that class's failure, not as the program's.</summary>
internal static class PlugInFault
{
    /// <summary>The failure to tell instead, or null where the exception is to stay as it is: the layer is one of the
    /// program's own, or what it threw is meant for the user already.</summary>
    public static CaffeException? Of(Layer layer, Exception fault)
    {
        Type type = layer.GetType();
        return fault is CaffeException or OutOfMemoryException || !IsPluggedIn(layer)
            ? null
            : new CaffeException(ErrorCodes.BadLayerAssembly, FailureKind.Configuration,
                $"layer '{layer.Name}' ({layer.Type}): class {type.FullName} of '{type.Assembly.GetName().Name}' threw "
                + $"{fault.GetType().Name}: {fault.Message} (--verbose shows where)",
                SourcePlaces.Of(layer.Parameter), fault);
    }

    /// <summary>Whether a layer's class is a plugged-in library's.</summary>
    public static bool IsPluggedIn(Layer layer) => ContextOf(layer.GetType()) != ContextOf(typeof(Layer));

    private static AssemblyLoadContext? ContextOf(Type type) => AssemblyLoadContext.GetLoadContext(type.Assembly);
}
