using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Layers;

public sealed class LayerCatalogTests
{
    [Theory]
    [InlineData("Convolutoin", "did you mean 'Convolution'")]
    [InlineData("relu", "did you mean 'ReLU'")]
    [InlineData("PriorBox", "it belongs to the forks for SSD and NVIDIA's")]
    [InlineData("ROIPooling", "it belongs to the fork for Fast R-CNN")]
    [InlineData("DepthwiseConvolution", "a Convolution with group = channels does the same")]
    [InlineData("Quantum", "known types: ")]
    public void UnknownTypes_AreToldWithWhatIsNearAndHowToPlugIn(string type, string part)
    {
        var failure = Assert.Throws<CaffeException>(
            () => LayerCatalog.Compute.Create(new LayerParameter { Name = "l", Type = type }));
        Assert.Equal(ErrorCodes.UnknownLayerType, failure.Code);
        Assert.StartsWith($"layer 'l' has the type '{type}', which is not known; ", failure.Message);
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        Assert.Contains("layers.assemblies", failure.Message, StringComparison.Ordinal);
    }
}
