using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>All that is wrong with a net at once.</summary>
public sealed class NetProblemsTests : IDisposable
{
    private readonly CpuDevice _device = new(1);

    public void Dispose() => _device.Dispose();

    private string[] Problems(string text) =>
    [
        .. NetBuilder.Problems(
            TextFormat.Parse<NetParameter>(text, "n"),
            new NetOptions(new LayerContext(_device, seed: 1), LayerCatalog.Compute))
            .Select(problem => $"{problem.Place?.Line} {problem.Code}"),
    ];

    [Fact]
    public void SoundNet_HasNone() => Assert.Empty(Problems("""
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
        layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
        layer { name: "sum" type: "Eltwise" bottom: "y" bottom: "y" top: "z" }
        """));

    [Fact]
    public void EachLayerAtFault_IsToldOfOnce_AndWhatHangsOnItIsNot() => Assert.Equal(
        ["3 CFA1205", "2 CFA1202", "6 CFA1201", "9 CFA1205"], Problems("""
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" }
            layer { name: "a" type: "ReLU" bottom: "nobody" top: "a" }
            layer { name: "b" type: "ReLU" bottom: "a" top: "b" }
            layer { name: "c" type: "ReLU" bottom: "y" top: "c" }
            layer { name: "d" type: "ReLUU" bottom: "x" top: "d" }
            layer { name: "e" type: "Eltwise" bottom: "d" bottom: "x" top: "e" }
            layer { name: "f" type: "TanH" bottom: "x" top: "f" }
            layer { name: "g" type: "TanH" bottom: "f" top: "x" }
            """));

    [Fact]
    public void LayerInPlaceAtFault_LeavesItsBlobToTheNext() => Assert.Equal(["3 CFA1201", "4 CFA1202"], Problems("""
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
        layer { name: "relu" type: "Rello" bottom: "y" top: "y" }
        layer { name: "ip2" type: "InnerProduct" bottom: "y" top: "z" }
        """));

    [Fact]
    public void LayerWithTwoMissingBottoms_IsToldOfBoth() => Assert.Equal(["1 CFA1205", "1 CFA1205"], Problems(
        """layer { name: "a" type: "Eltwise" bottom: "p" bottom: "q" top: "a" }"""));

    [Fact]
    public void IncludeBesideExclude_IsTheOnlyProblemTold() => Assert.Equal(["1 CFA1207"], Problems(
        """layer { name: "a" type: "Input" top: "a" include { phase: TEST } exclude { phase: TRAIN } }"""));
}
