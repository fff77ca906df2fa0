using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>A layer that is bound by memory, by itself.</summary>
/// <param name="Name">Its line in the table.</param>
/// <param name="Parameter">Its message.</param>
/// <param name="Shape">Of the bottom.</param>
/// <param name="Labels">Whether there is a second bottom of labels.</param>
internal sealed record LayerCase(string Name, LayerParameter Parameter, int[] Shape, bool Labels = false) : IWork
{
    /// <summary>Layers of AlexNet, GoogLeNet and ResNet at a batch of 16, and of LeNet at one of 64.</summary>
    public static IReadOnlyList<LayerCase> All { get; } =
    [
        Pool("lenet pool1", PoolingParameter.Types.PoolMethod.Max, 2, 2, 0, [64, 20, 24, 24]),
        Pool("alexnet pool1", PoolingParameter.Types.PoolMethod.Max, 3, 2, 0, [16, 96, 55, 55]),
        Pool("inception 3a pool", PoolingParameter.Types.PoolMethod.Max, 3, 1, 1, [16, 192, 28, 28]),
        Pool("inception 5a pool", PoolingParameter.Types.PoolMethod.Max, 3, 1, 1, [16, 832, 7, 7]),
        Pool("average 7x7", PoolingParameter.Types.PoolMethod.Ave, 7, 1, 0, [16, 1024, 7, 7]),
        new("alexnet norm1", new LayerParameter
        {
            Type = "LRN",
            LrnParam = new LRNParameter { LocalSize = 5, Alpha = 1e-4f, Beta = 0.75f },
        }, [16, 96, 55, 55]),
        Plain("BatchNorm", [16, 256, 56, 56]),
        new("Scale", new LayerParameter { Type = "Scale", ScaleParam = new ScaleParameter { BiasTerm = true } },
            [16, 256, 56, 56]),
        Plain("ReLU", [16, 96, 55, 55]),
        Plain("Sigmoid", [16, 96, 55, 55]),
        Plain("Dropout", [256, 4096]),
        Plain("Softmax", [64, 1000]),
        new("SoftmaxWithLoss", new LayerParameter { Type = "SoftmaxWithLoss" }, [64, 1000], Labels: true),
    ];

    /// <inheritdoc/>
    public string Unit => "GB/s";

    /// <summary>Makes the layer.</summary>
    public Layer Create()
    {
        LayerParameter parameter = Parameter.Clone();
        (parameter.Name, parameter.Phase) = (Name, Phase.Train);
        return LayerCatalog.Compute.Create(parameter);
    }

    /// <summary>What a perfect kernel moves: forward it reads the bottom and writes the top, which is counted as the
    /// bottom's size where it is not pooled; backward the same of the gradients.</summary>
    public double AmountOf(string benchmark)
    {
        double bottom = Blob.CountOf(Shape);
        PoolingParameter? pooling = Parameter.PoolingParam;
        double top = Labels ? 0 : pooling is null ? bottom
            : bottom / pooling.Stride / pooling.Stride / (pooling.KernelSize == Shape[^1] ? Shape[^1] * Shape[^1] : 1);
        return sizeof(float) * (bottom + top);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({string.Join(" x ", Shape)})";

    private static LayerCase Plain(string type, int[] shape) => new(type, new LayerParameter { Type = type }, shape);

    private static LayerCase Pool(
        string name, PoolingParameter.Types.PoolMethod method, uint kernel, uint stride, uint pad, int[] shape) =>
        new(name, new LayerParameter
        {
            Type = "Pooling",
            PoolingParam = new PoolingParameter { Pool = method, KernelSize = kernel, Stride = stride, Pad = pad },
        }, shape);
}
