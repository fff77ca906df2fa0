using System.Reflection;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// A layer that a class of the user's computes. <c>python_param</c>: <c>module</c>, the class library it is in: a
/// name or path, with or without <c>.dll</c>, looked for in the current folder and beside the net, the configuration
/// and the solver; <c>layer</c>, the class: its name, its full name or the type string of its
/// <see cref="LayerAttribute"/>; <c>param_str</c>, text for the class, which finds it in
/// <c>Parameter.PythonParam.ParamStr</c> (default empty); <c>share_in_parallel</c> has no effect: replicas share
/// nothing but weights. Bottoms, tops, learnable blobs, formula and gradient are the class's own. The net gets an
/// instance of that class, so it is no different from any other layer.
/// Difference from Caffe: the class is written for .NET, not in Python.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Python")]
public sealed class PythonLayer(LayerParameter parameter) : ILayerFactory
{
    /// <inheritdoc/>
    public Layer Create(LayerCatalog catalog)
    {
        PythonParameter python = parameter.PythonParam ?? new PythonParameter();
        if (python.Module.Length == 0 || python.Layer.Length == 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "python_param must name the class library (module) and the class (layer)");
        }

        Assembly assembly = Find(catalog, python.Module);
        Type type = ClassOf(assembly, python);
        ConstructorInfo constructor = type.GetConstructor([typeof(LayerParameter)])
            ?? throw Fail(ErrorCodes.BadLayerAssembly,
                $"class {type.FullName} of '{assembly.GetName().Name}' has no public constructor that takes one "
                + $"{nameof(LayerParameter)}");
        try
        {
            return (Layer)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, [parameter], null);
        }
        catch (CaffeException failure)
        {
            throw failure.At(SourcePlaces.Of(parameter));
        }
#pragma warning disable CA1031 // Whatever a user's constructor throws is told as the user's, with its place.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            throw new CaffeException(ErrorCodes.BadLayerAssembly, FailureKind.Configuration,
                $"{Start}class {type.FullName} cannot be made: {fault.GetType().Name}: {fault.Message}",
                SourcePlaces.Of(parameter), fault);
        }
    }

    private string Start => $"layer '{parameter.Name}' (Python): ";

    private Assembly Find(LayerCatalog catalog, string module)
    {
        try
        {
            return (catalog.Modules ?? throw Fail(ErrorCodes.UnknownLayerType,
                "nets opened in this way cannot name assemblies; open the net through a catalogue with modules"))
                .Find(module, SourcePlaces.Of(parameter));
        }
        catch (CaffeException failure) when (!failure.Message.StartsWith(Start, StringComparison.Ordinal))
        {
            throw new CaffeException(
                failure.Code, failure.Kind, Start + failure.Message, SourcePlaces.Of(parameter), failure);
        }
    }

    private Type ClassOf(Assembly assembly, PythonParameter python)
    {
        Type[] layers =
        [
            .. assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract),
        ];
        Type[] found = [.. layers.Where(type => type.Name == python.Layer || type.FullName == python.Layer
            || type.GetCustomAttribute<LayerAttribute>(inherit: false)?.Name == python.Layer)];
        if (found.Length == 1)
            return found[0];
        if (found.Length > 1)
        {
            throw Fail(ErrorCodes.BadLayerAssembly,
                $"'{assembly.GetName().Name}' has several classes called '{python.Layer}': "
                + $"{string.Join(", ", found.Select(type => type.FullName))}; give the full name");
        }

        string[] names = [.. layers.Select(type => type.Name)];
        string hint = Nearest.Of(python.Layer, names) is { } near ? $"did you mean '{near}'?"
            : names.Length > 0 ? $"it has {string.Join(", ", names)}"
            : "it has no public layers";
        throw Fail(ErrorCodes.UnknownLayerType,
            $"'{assembly.GetName().Name}' has no layer class called '{python.Layer}'; {hint}");
    }

    private CaffeException Fail(string code, string message) =>
        new(code, FailureKind.Configuration, Start + message, SourcePlaces.Of(parameter));
}
