using System.Reflection;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Architecture.Tests;

/// <summary>A layer is one class, one test file and one page, and its attribute is its registration.</summary>
public sealed class LayerTests
{
    private static readonly Assembly[] _assemblies = [typeof(Layer).Assembly, Assembly.Load("CaffeActors.Data")];

    private static readonly (Type Class, string Type)[] _layers =
    [
        .. _assemblies.SelectMany(assembly => assembly.GetTypes())
            .Select(type => (type, type.GetCustomAttribute<LayerAttribute>(inherit: false)?.Name))
            .Where(layer => layer.Name is not null)
            .Select(layer => (layer.type, layer.Name!)),
    ];

    [Fact]
    public void Types_AreRegisteredOnce()
    {
        // The catalogue refuses a second class of one name.
        var catalog = new LayerCatalog(_assemblies);
        Assert.Equal(_layers.Length, catalog.Types.Count);
        Assert.Contains("ReLU", catalog.Types);
    }

    [Fact]
    public void Layers_AreRegistered() =>
        Repository.AssertNone("A layer that can be made has a [Layer] attribute, and nothing else has one:",
            _assemblies.SelectMany(assembly => assembly.GetTypes())
                .Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract && type.IsPublic)
                .Except(_layers.Select(layer => layer.Class))
                .Concat(_layers.Select(layer => layer.Class)
                    .Where(type => !type.IsSubclassOf(typeof(Layer)) && !type.IsAssignableTo(typeof(ILayerFactory))))
                .Select(type => type.FullName!));

    [Fact]
    public void Layers_LiveInLayers() =>
        Repository.AssertNone("A layer lives in a namespace of layers:",
            _assemblies.SelectMany(assembly => assembly.GetTypes())
                .Where(type => type.IsSubclassOf(typeof(Layer)))
                .Where(type => !type.Namespace!.Split('.').Contains("Layers"))
                .Select(type => type.FullName!));

    [Fact]
    public void Layers_AreNamedAfterTheirType() =>
        Repository.AssertNone("The class of the type X is called XLayer:",
            _layers.Where(layer => !Same(layer.Class.Name, layer.Type + "Layer"))
                .Select(layer => $"{layer.Class.FullName}: type {layer.Type}"));

    [Fact]
    public void Layers_HaveTests()
    {
        string[] tests = [.. Repository.Files("tests", "*LayerTests.cs").Select(Path.GetFileName)!];
        Repository.AssertNone("The type X has a test file XLayerTests.cs:",
            _layers.Select(layer => layer.Type + "LayerTests.cs").Where(name => !tests.Any(test => Same(test, name))));
    }

    [Fact]
    public void Layers_HavePages()
    {
        string[] pages =
            [.. Repository.Files("docs/layers", "*.md").Where(page => Path.GetFileName(page) != "README.md")];
        string[] wanted = [.. _layers.Select(layer => $"docs/layers/{layer.Type}.md")];
        Repository.AssertNone("The type X has a page docs/layers/X.md:", wanted.Except(pages));
        Repository.AssertNone("These pages are of no layer:", pages.Except(wanted));
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
