namespace CaffeActors.Compute.Tests.Nets.Memory;

/// <summary>Small nets with the shapes of known ones: chains, branches, residuals, layers that work in place.</summary>
internal static class PlannedNets
{
    public static readonly Dictionary<string, string> Texts = new()
    {
        ["chain"] = Data(3, 13) + """
            layer { name: "conv1" type: "Convolution" bottom: "x" top: "conv1"
              convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
            layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" }
            layer { name: "pool1" type: "Pooling" bottom: "norm1" top: "pool1"
              pooling_param { kernel_size: 3 stride: 2 } }
            layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
              convolution_param { num_output: 12 group: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
            layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
            layer { name: "fc" type: "InnerProduct" bottom: "conv2" top: "fc"
              inner_product_param { num_output: 20 weight_filler { type: "xavier" } } }
            layer { name: "relu3" type: "ReLU" bottom: "fc" top: "fc" }
            layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }
            """ + Scores("fc"),
        ["inception"] = Data(4, 8) + """
            layer { name: "a" type: "Convolution" bottom: "x" top: "a"
              convolution_param { num_output: 5 kernel_size: 1 weight_filler { type: "xavier" } } }
            layer { name: "ra" type: "ReLU" bottom: "a" top: "a" }
            layer { name: "b" type: "Convolution" bottom: "x" top: "b"
              convolution_param { num_output: 6 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
            layer { name: "rb" type: "ReLU" bottom: "b" top: "b" }
            layer { name: "c" type: "Convolution" bottom: "b" top: "c"
              convolution_param { num_output: 7 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
            layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 3 stride: 1 pad: 1 } }
            layer { name: "cat" type: "Concat" bottom: "a" bottom: "c" bottom: "p" top: "cat" }
            layer { name: "d" type: "Convolution" bottom: "cat" top: "d"
              convolution_param { num_output: 5 kernel_size: 1 weight_filler { type: "xavier" } } }
            layer { name: "e" type: "Convolution" bottom: "cat" top: "e"
              convolution_param { num_output: 5 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
            layer { name: "td" type: "TanH" bottom: "d" top: "d" }
            layer { name: "te" type: "Sigmoid" bottom: "e" top: "te" }
            layer { name: "cat2" type: "Concat" bottom: "d" bottom: "te" top: "cat2" }
            layer { name: "norm" type: "LRN" bottom: "cat2" top: "norm" }
            layer { name: "side" type: "InnerProduct" bottom: "cat" top: "side"
              inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
            layer { name: "sideloss" type: "SoftmaxWithLoss" bottom: "side" bottom: "t" top: "sideloss"
              loss_weight: 0.3 }
            """ + Scores("norm"),
        ["residual"] = Data(3, 8) + Normed("one", "x", relu: true) + Normed("two", "one", relu: true)
            + Normed("three", "two", relu: false) + """
            layer { name: "sum" type: "Eltwise" bottom: "one" bottom: "three" top: "sum" }
            layer { name: "rs" type: "ReLU" bottom: "sum" top: "sum" }
            """ + Normed("four", "sum", relu: true) + Normed("five", "four", relu: false) + """
            layer { name: "sum2" type: "Eltwise" bottom: "sum" bottom: "five" top: "sum2" }
            layer { name: "rs2" type: "ReLU" bottom: "sum2" top: "sum2" }
            layer { name: "ave" type: "Pooling" bottom: "sum2" top: "ave"
              pooling_param { pool: AVE global_pooling: true } }
            """ + Scores("ave"),
        ["others"] = Data(3, 8) + """
            layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
              convolution_param { num_output: 6 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
            layer { name: "bn" type: "BatchNorm" bottom: "c" top: "bn" }
            layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { bias_term: true } }
            layer { name: "relu" type: "ReLU" bottom: "scale" top: "relu" }
            layer { name: "within" type: "LRN" bottom: "relu" top: "within" lrn_param { norm_region: WITHIN_CHANNEL } }
            layer { name: "max" type: "Pooling" bottom: "within" top: "max" pooling_param { kernel_size: 2 stride: 2 } }
            layer { name: "sto" type: "Pooling" bottom: "relu" top: "sto"
              pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 } }
            layer { name: "cat" type: "Concat" bottom: "max" bottom: "sto" top: "cat" }
            layer { name: "cut" type: "Slice" bottom: "cat" top: "s1" top: "s2" }
            layer { name: "mul" type: "Eltwise" bottom: "s1" bottom: "s2" top: "mul" eltwise_param { operation: PROD } }
            layer { name: "most" type: "Eltwise" bottom: "mul" bottom: "max" top: "most"
              eltwise_param { operation: MAX } }
            layer { name: "tanh" type: "TanH" bottom: "most" top: "tanh" }
            layer { name: "pow" type: "Power" bottom: "tanh" top: "pow" power_param { power: 2 shift: 1 } }
            layer { name: "elu" type: "ELU" bottom: "pow" top: "pow" }
            layer { name: "prelu" type: "PReLU" bottom: "pow" top: "prelu" }
            layer { name: "flat" type: "Flatten" bottom: "prelu" top: "flat" }
            layer { name: "away" type: "EuclideanLoss" bottom: "tanh" bottom: "most" top: "away" loss_weight: 0.1 }
            """ + Scores("flat") + """
            layer { name: "prob" type: "Softmax" bottom: "scores" top: "prob" }
            layer { name: "eat" type: "Silence" bottom: "prob" }
            layer { name: "accuracy" type: "Accuracy" bottom: "scores" bottom: "t" top: "accuracy" }
            """,
    };

    // Layers that only show another's memory, and branches that give no gradient.
    static PlannedNets()
    {
        Texts["forced"] = "force_backward: true\n" + Data(3, 8) + """
            layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
              convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "tanh" type: "TanH" bottom: "c" top: "tanh" }
            layer { name: "more" type: "Power" bottom: "tanh" top: "more" power_param { scale: 2 } }
            layer { name: "most" type: "Power" bottom: "more" top: "most" power_param { shift: 1 } }
            """ + Scores("most") + """
            layer { name: "flat" type: "Flatten" bottom: "scores" top: "flat" }
            layer { name: "accuracy" type: "Accuracy" bottom: "flat" bottom: "t" top: "accuracy" }
            layer { name: "pow" type: "Power" bottom: "scores" top: "pow" power_param { scale: 2 } }
            layer { name: "relu" type: "ReLU" bottom: "pow" top: "pow" }
            layer { name: "accuracy2" type: "Accuracy" bottom: "pow" bottom: "t" top: "accuracy2" }
            """;
        Texts["shown"] = Data(3, 13) + """
            layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
              convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
            layer { name: "norm" type: "LRN" bottom: "c" top: "norm" }
            layer { name: "pool" type: "Pooling" bottom: "norm" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }
            layer { name: "one" type: "Concat" bottom: "pool" top: "one" }
            layer { name: "conv2" type: "Convolution" bottom: "one" top: "c2"
              convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "drop" type: "Dropout" bottom: "c2" top: "d" }
            layer { name: "two" type: "Concat" bottom: "d" top: "two" }
            layer { name: "cut" type: "Slice" bottom: "two" top: "cut" }
            """ + Scores("cut");
    }

    private static string Data(int channels, int side) => $$"""
        state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
          shape { dim: 4 dim: {{channels}} dim: {{side}} dim: {{side}} } shape { dim: 4 }
          data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }

        """;

    private static string Normed(string name, string bottom, bool relu) => $$"""
        layer { name: "{{name}}" type: "Convolution" bottom: "{{bottom}}" top: "{{name}}"
          convolution_param { num_output: 5 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
        layer { name: "bn{{name}}" type: "BatchNorm" bottom: "{{name}}" top: "{{name}}" }
        layer { name: "scale{{name}}" type: "Scale" bottom: "{{name}}" top: "{{name}}"
          scale_param { bias_term: true } }
        {{(relu ? $"layer {{ name: \"relu{name}\" type: \"ReLU\" bottom: \"{name}\" top: \"{name}\" }}" : "")}}

        """;

    private static string Scores(string bottom) => $$"""
        layer { name: "scores" type: "InnerProduct" bottom: "{{bottom}}" top: "scores"
          inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "t" top: "loss" }

        """;
}
