using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>A steady iteration of a net and its solver allocates no managed memory.</summary>
public sealed class NetAllocationTests
{
    // Every kind of layer that training meets, small.
    private const string NetText = """
        state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
          shape { dim: 4 dim: 3 dim: 12 dim: 12 } shape { dim: 4 }
          data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
        layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
          convolution_param { num_output: 6 kernel_size: 3 pad: 1 group: 3 weight_filler { type: "xavier" } } }
        layer { name: "bn" type: "BatchNorm" bottom: "c" top: "bn" }
        layer { name: "scale" type: "Scale" bottom: "bn" top: "bn" scale_param { bias_term: true } }
        layer { name: "relu" type: "ReLU" bottom: "bn" top: "bn" }
        layer { name: "lrn" type: "LRN" bottom: "bn" top: "lrn" }
        layer { name: "within" type: "LRN" bottom: "lrn" top: "within" lrn_param { norm_region: WITHIN_CHANNEL } }
        layer { name: "max" type: "Pooling" bottom: "within" top: "max" pooling_param { kernel_size: 2 stride: 2 } }
        layer { name: "ave" type: "Pooling" bottom: "within" top: "ave"
          pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
        layer { name: "sto" type: "Pooling" bottom: "bn" top: "sto"
          pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 } }
        layer { name: "cat" type: "Concat" bottom: "max" bottom: "ave" bottom: "sto" top: "cat" }
        layer { name: "cut" type: "Slice" bottom: "cat" top: "s1" top: "s2" top: "s3" }
        layer { name: "mul" type: "Eltwise" bottom: "s1" bottom: "s2" top: "mul" eltwise_param { operation: PROD } }
        layer { name: "sum" type: "Eltwise" bottom: "mul" bottom: "s3" top: "sum" eltwise_param { coeff: [2, -1] } }
        layer { name: "most" type: "Eltwise" bottom: "sum" bottom: "max" top: "most" eltwise_param { operation: MAX } }
        layer { name: "drop" type: "Dropout" bottom: "most" top: "most" }
        layer { name: "tanh" type: "TanH" bottom: "most" top: "tanh" }
        layer { name: "sig" type: "Sigmoid" bottom: "tanh" top: "sig" }
        layer { name: "pow" type: "Power" bottom: "sig" top: "pow" power_param { power: 2 shift: 1 } }
        layer { name: "bias" type: "Bias" bottom: "pow" top: "bias" }
        layer { name: "flat" type: "Flatten" bottom: "bias" top: "flat" }
        layer { name: "ip" type: "InnerProduct" bottom: "flat" top: "ip"
          inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
        layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
        layer { name: "eat" type: "Silence" bottom: "prob" }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
        layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "t" top: "accuracy" }
        layer { name: "away" type: "EuclideanLoss" bottom: "tanh" bottom: "sig" top: "away" loss_weight: 0.1 }
        """;

    [Theory]
    [InlineData("SGD", 1)]
    [InlineData("Nesterov", 2)]
    [InlineData("AdaGrad", 1)]
    [InlineData("RMSProp", 1)]
    [InlineData("AdaDelta", 2)]
    [InlineData("Adam", 2)]
    public void SteadyIteration_AllocatesNothing(string type, int threads)
    {
        using var device = new CpuDevice(threads);
        using Net net = NetBuilder.Build(
            TextFormat.Parse<NetParameter>(NetText),
            new NetOptions(new LayerContext(device, 5) { Gpu = TestDevices.Gpu }, LayerCatalog.Compute));
        var solver = new SolverParameter
        {
            Type = type,
            BaseLr = 0.001f,
            LrPolicy = "inv",
            Gamma = 0.1f,
            Power = 0.5f,
            WeightDecay = 0.001f,
            ClipGradients = 1e9f,
            Momentum = type is "AdaGrad" or "RMSProp" ? 0 : 0.9f,
            RmsDecay = 0.9f,
        };
        using var optimizer = new Optimizer(solver, net.LearnableParams, device);
        int iteration = 0;
        void Iterate(int times)
        {
            for (int i = 0; i < times; i++)
            {
                net.Forward();
                net.Backward();
                optimizer.ApplyUpdate(iteration++, clearGradients: true);
            }
        }

        SteadyState.AllocatesNothing(() => Iterate(40), warmUp: 1, times: 1);
    }
}
