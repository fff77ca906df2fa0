using System.Reflection;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Layers.Activation;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

/// <summary>How <c>type: "Python"</c> is answered by classes; that they train is tested where libraries are
/// loaded.</summary>
public sealed class PythonLayerTests
{
    private static readonly LayerCatalog _catalog = new(typeof(Layer).Assembly) { Modules = new OneModule() };

    private static LayerParameter Python(string fields, string more = "") => TextFormat.Parse<LayerParameter>(
        $"\nname: \"mine\" type: \"Python\" {more} python_param {{ {fields} }}", "net.prototxt");

    private static CaffeException Refused(LayerParameter parameter, LayerCatalog? catalog = null)
    {
        var failure = Assert.Throws<CaffeException>(() => (catalog ?? _catalog).Create(parameter));
        Assert.Equal((FailureKind.Configuration, "net.prototxt"), (failure.Kind, failure.Place?.Path));
        Assert.StartsWith("layer 'mine' (Python): ", failure.Message, StringComparison.Ordinal);
        return failure;
    }

    [Theory]
    [InlineData("TanHLayer")]
    [InlineData("TanH")]
    [InlineData("CaffeActors.Compute.Layers.Activation.TanHLayer")]
    public void Class_IsFoundByNameFullNameOrType(string layer)
    {
        LayerParameter parameter =
            Python($"module: \"lib\" layer: \"{layer}\" param_str: \"some text\" share_in_parallel: true");
        using Layer made = _catalog.Create(parameter);
        Assert.IsType<TanHLayer>(made);
        Assert.Equal(("mine", "Python", "some text"), (made.Name, made.Type, made.Parameter.PythonParam.ParamStr));
    }

    [Fact]
    public void Layer_ComputesAsItsClassDoes()
    {
        using var harness = new LayerHarness(
            Python("module: \"lib\" layer: \"TanHLayer\""), [new Blob(2, 3)], catalog: _catalog);
        harness.Bottom[0].MutableData.Fill(0.5f);
        harness.Forward();
        Assert.Equal(MathF.Tanh(0.5f), harness.Top[0].Data[5], 1e-6f);
    }

    [Fact]
    public void StoredBlobs_BecomeTheClasses()
    {
        LayerParameter parameter = Python(
            "module: \"lib\" layer: \"BiasLayer\"", "blobs { shape { dim: 2 } data: 1 data: 2 }");
        using Layer made = _catalog.Create(parameter);
        Assert.Equal([1, 2], made.Blobs[0].Data.ToArray());
    }

    [Theory]
    [InlineData("layer: \"X\"", ErrorCodes.BadLayerParameter, "must name the class library")]
    [InlineData("module: \"lib\"", ErrorCodes.BadLayerParameter, "must name the class library")]
    [InlineData("module: \"lib\" layer: \"TanhLayr\"", ErrorCodes.UnknownLayerType, "did you mean 'TanHLayer'?")]
    [InlineData("module: \"lib\" layer: \"Loss\"", ErrorCodes.UnknownLayerType, "no layer class called 'Loss'")]
    [InlineData("module: \"lib\" layer: \"NeuronLayer\"", ErrorCodes.UnknownLayerType, "'NeuronLayer'")]
    [InlineData("module: \"gone\" layer: \"X\"", ErrorCodes.FileNotFound, "gone is nowhere")]
    public void Faults_AreTold(string fields, string code, string says)
    {
        CaffeException failure = Refused(Python(fields));
        Assert.Equal(code, failure.Code);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CatalogueWithoutModules_SaysSo() => Assert.Contains("cannot name assemblies",
        Refused(Python("module: \"lib\" layer: \"TanHLayer\""), LayerCatalog.Compute).Message,
        StringComparison.Ordinal);

    private sealed class OneModule : ILayerModules
    {
        public Assembly Find(string module, SourcePlace? place) => module == "lib"
            ? typeof(Layer).Assembly
            : throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration, $"{module} is nowhere");
    }
}
