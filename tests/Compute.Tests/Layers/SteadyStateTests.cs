using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers;

/// <summary>After the first pass a layer allocates nothing more: training must not feed the collector.</summary>
public sealed class SteadyStateTests
{
    [Theory]
    [InlineData("ReLU", 1, 1)]
    [InlineData("TanH", 1, 1)]
    [InlineData("Sigmoid", 1, 1)]
    [InlineData("Power", 1, 1)]
    [InlineData("Dropout", 1, 1)]
    [InlineData("AbsVal", 1, 1)]
    [InlineData("BNLL", 1, 1)]
    [InlineData("Clip", 1, 1)]
    [InlineData("ELU", 1, 1)]
    [InlineData("Exp", 1, 1)]
    [InlineData("Log", 1, 1)]
    [InlineData("PReLU", 1, 1)]
    [InlineData("Swish", 1, 1)]
    [InlineData("Threshold", 1, 1)]
    [InlineData("Softmax", 1, 1)]
    [InlineData("SoftmaxWithLoss", 2, 2)]
    [InlineData("EuclideanLoss", 2, 1)]
    [InlineData("HingeLoss", 2, 1)]
    [InlineData("MultinomialLogisticLoss", 2, 1)]
    [InlineData("SigmoidCrossEntropyLoss", 2, 1)]
    [InlineData("ContrastiveLoss", 3, 1)]
    [InlineData("Accuracy", 2, 2)]
    [InlineData("Silence", 2, 0)]
    public void PassesAllocateNothing(string type, int bottoms, int tops)
    {
        bool isRegression = type is "EuclideanLoss" or "SigmoidCrossEntropyLoss" or "ContrastiveLoss";
        Blob[] bottom =
            [LayerHarness.RandomBlob(1, [70, 900]), new Blob(isRegression ? [70, 900] : [70]), new Blob(70)];
        var parameter = new LayerParameter
        {
            Type = type,
            PowerParam = new PowerParameter { Power = 1.5f, Shift = 2 },
            ClipParam = new ClipParameter { Min = -0.5f, Max = 0.5f },
        };
        bool[] propagate = [.. bottom[..bottoms].Select((_, i) => i == 0 && type is not ("Accuracy" or "Threshold"))];
        SteadyState.AllocatesNothing(parameter, bottom[..bottoms], tops, propagate: propagate);
    }
}
