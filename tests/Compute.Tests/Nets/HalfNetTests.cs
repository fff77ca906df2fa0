using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>
/// Small nets around each layer type, with blobs kept in 16 bits: their results and gradients are those of 32 bits but
/// for what the form rounds off, though every window of floats that a layer opens is full of NaN.
/// </summary>
public sealed unsafe class HalfNetTests
{
    private const string Head = """
        layer { name: "in" type: "Input" top: "x" top: "t" top: "i" top: "cont"
          input_param { shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 } shape { dim: 4 }
            shape { dim: 4 dim: 8 } } }
        layer { name: "h" type: "Convolution" bottom: "x" top: "h"
          convolution_param { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
        """;

    private const string Tail = """
        layer { name: "out" type: "InnerProduct" bottom: "y" top: "out"
          inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "out" bottom: "t" top: "loss" }
        """;

    public static TheoryData<string, string> Layers
    {
        get
        {
            string[] plain = ["AbsVal", "BNLL", "ELU", "ReLU", "PReLU", "Sigmoid", "Swish", "TanH", "Softmax", "LRN",
                "MVN", "BatchNorm", "Bias", "Flatten", "Normalize", "Dropout"];
            var all = new TheoryData<string, string>();
            foreach (string type in plain)
                all.Add(type, $"layer {{ name: 'l' type: '{type}' bottom: 'h' top: 'y' }}");
            foreach (string type in (string[])["ReLU", "Sigmoid", "TanH", "Dropout", "PReLU", "BatchNorm"])
            {
                all.Add($"{type} in place", $$"""
                    layer { name: 'l' type: '{{type}}' bottom: 'h' top: 'h' }
                    layer { name: 'm' type: 'Power' bottom: 'h' top: 'h' power_param { scale: 2 } }
                    layer { name: 'p' type: 'Power' bottom: 'h' top: 'y' }
                    """);
            }

            foreach ((string type, string more) in _withParameters)
                all.Add(type, $"layer {{ name: 'l' type: '{type}' bottom: 'h' top: 'y' {more} }}");
            foreach ((string type, string layers) in _nets)
                all.Add(type, layers);
            return all;
        }
    }

    private static readonly (string Type, string More)[] _withParameters =
    [
        ("Clip", "clip_param { min: -0.4 max: 0.4 }"),
        ("Exp", "exp_param { scale: 0.5 }"),
        ("Log", "log_param { shift: 9 }"),
        ("Power", "power_param { power: 2 shift: 3 }"),
        ("Scale", "scale_param { bias_term: true }"),
        ("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"),
        ("Permute", "permute_param { order: 0 order: 2 order: 1 }"),
        ("Reduction", "reduction_param { axis: 2 operation: SUMSQ }"),
        ("Tile", "tile_param { axis: 1 tiles: 2 }"),
        ("Im2col", "convolution_param { kernel_size: 3 }"),
        ("Convolution", "convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: 'xavier' } }"),
        ("Convolution", "convolution_param { num_output: 8 group: 8 kernel_size: 3 weight_filler { type: 'msra' } }"),
        ("Deconvolution", "convolution_param { num_output: 3 kernel_size: 2 weight_filler { type: 'xavier' } }"),
        ("InnerProduct", "inner_product_param { num_output: 7 weight_filler { type: 'xavier' } }"),
        ("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }"),
        ("Pooling", "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"),
        ("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }"),
        ("SPP", "spp_param { pyramid_height: 2 }"),
        ("Normalize", "norm_param { across_spatial: false channel_shared: false }"),
    ];

    private static readonly (string Type, string Layers)[] _nets =
    [
        ("Concat", """
            layer { name: 'a' type: 'ReLU' bottom: 'h' top: 'a' } layer { name: 'b' type: 'TanH' bottom: 'h' top: 'b' }
            layer { name: 'l' type: 'Concat' bottom: 'a' bottom: 'b' bottom: 'h' top: 'y' }
            """),
        ("Eltwise", """
            layer { name: 'a' type: 'ReLU' bottom: 'h' top: 'a' } layer { name: 'b' type: 'TanH' bottom: 'h' top: 'b' }
            layer { name: 'l' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'l' eltwise_param { operation: PROD } }
            layer { name: 'm' type: 'Eltwise' bottom: 'l' bottom: 'h' top: 'm' eltwise_param { coeff: 2 coeff: -1 } }
            layer { name: 'n' type: 'Eltwise' bottom: 'm' bottom: 'h' top: 'y' eltwise_param { operation: MAX } }
            """),
        ("Axpy", """
            layer { name: 'g' type: 'Pooling' bottom: 'h' top: 'g' pooling_param { pool: AVE global_pooling: true } }
            layer { name: 'b' type: 'TanH' bottom: 'h' top: 'b' }
            layer { name: 'l' type: 'Axpy' bottom: 'g' bottom: 'h' bottom: 'b' top: 'y' }
            """),
        ("Crop", """
            layer { name: 'p' type: 'Pooling' bottom: 'h' top: 'p' pooling_param { kernel_size: 3 } }
            layer { name: 'l' type: 'Crop' bottom: 'h' bottom: 'p' top: 'l' crop_param { offset: 1 } }
            layer { name: 'm' type: 'Eltwise' bottom: 'l' bottom: 'p' top: 'y' }
            """),
        ("Slice", """
            layer { name: 'l' type: 'Slice' bottom: 'h' top: 'a' top: 'b' slice_param { slice_point: 4 } }
            layer { name: 'm' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' }
            """),
        ("Silence", """
            layer { name: 'a' type: 'TanH' bottom: 'h' top: 'a' } layer { name: 's' type: 'Silence' bottom: 'a' }
            layer { name: 'b' type: 'ReLU' bottom: 'h' top: 'y' }
            """),
        ("BatchReindex", "layer { name: 'l' type: 'BatchReindex' bottom: 'h' bottom: 'i' top: 'y' }"),
        ("Embed", """
            layer { name: 'e' type: 'Embed' bottom: 'i' top: 'e' embed_param { num_output: 8 input_dim: 4
              weight_filler { type: 'uniform' } } }
            layer { name: 'g' type: 'Pooling' bottom: 'h' top: 'g' pooling_param { pool: AVE global_pooling: true } }
            layer { name: 'f' type: 'Flatten' bottom: 'g' top: 'f' }
            layer { name: 'l' type: 'Eltwise' bottom: 'e' bottom: 'f' top: 'y' }
            """),
        ("RNN", Recurrent("RNN", 0)),
        ("LSTM", Recurrent("LSTM", 0)),
        ("LSTM exposed", Recurrent("LSTM", 2)),
        ("Losses", """
            layer { name: 'f' type: 'InnerProduct' bottom: 'h' top: 'f'
              inner_product_param { num_output: 6 weight_filler { type: 'xavier' } } }
            layer { name: 'g' type: 'InnerProduct' bottom: 'h' top: 'g'
              inner_product_param { num_output: 6 weight_filler { type: 'xavier' } } }
            layer { name: 'd' type: 'TanH' bottom: 'g' top: 'd' }
            layer { name: 'l1' type: 'EuclideanLoss' bottom: 'f' bottom: 'd' top: 'l1' loss_weight: 0.5 }
            layer { name: 'l2' type: 'L1Loss' bottom: 'f' bottom: 'g' top: 'l2' }
            layer { name: 'l3' type: 'SmoothL1Loss' bottom: 'f' bottom: 'g' top: 'l3' }
            layer { name: 'l4' type: 'HingeLoss' bottom: 'f' bottom: 't' top: 'l4' }
            layer { name: 'l5' type: 'SigmoidCrossEntropyLoss' bottom: 'f' bottom: 'd' top: 'l5' propagate_down: true
              propagate_down: false }
            layer { name: 'l6' type: 'ContrastiveLoss' bottom: 'f' bottom: 'g' bottom: 'i' top: 'l6' }
            layer { name: 's' type: 'Softmax' bottom: 'f' top: 's' }
            layer { name: 'l7' type: 'MultinomialLogisticLoss' bottom: 's' bottom: 't' top: 'l7' }
            layer { name: 'acc' type: 'Accuracy' bottom: 'g' bottom: 't' top: 'acc' }
            layer { name: 'r' type: 'Reduction' bottom: 'd' top: 'r' loss_weight: 0.1 reduction_param { axis: 0 } }
            layer { name: 'y' type: 'Power' bottom: 'g' top: 'y' }
            """),
    ];

    [Theory]
    [MemberData(nameof(Layers))]
    public void ResultsAreThoseOf32Bits_ButForRounding(string type, string layers)
    {
        Assert.NotEmpty(type);
        foreach ((StorageType storage, float unit) in (ReadOnlySpan<(StorageType, float)>)
            [(StorageType.Float16, 1 / 2048f), (StorageType.BFloat16, 1 / 256f)])
        {
            using Run exact = new(layers, StorageType.Float32), half = new(layers, storage);
            for (int pass = 0; pass < 2; pass++)
            {
                exact.Step();
                half.Step();
                Near(exact, half, unit);
            }

            // On an accelerator a layer without a path for it leaves a copy on the host.
            Assert.All(half.Net.Layers.SelectMany(layer => layer.Top), top => Assert.False(
                TestDevices.Gpu is null && top.DataStorage != StorageType.Float32
                && top.DataMemory.Head != SyncState.HeadAtGpu, top.ShapeString));
            Assert.Equal(TestDevices.Gpu is null, half.Device.Store.Bytes > 0);
        }
    }

    [Theory]
    [InlineData(StorageType.Float16, 0.02f)]
    [InlineData(StorageType.BFloat16, 0.1f)]
    public void Training_LearnsAsIn32Bits(StorageType storage, float share)
    {
        float exact = Train(StorageType.Float32), half = Train(storage);
        Assert.InRange(exact, 0, 0.3f);
        Assert.Equal(exact, half, share * exact);

        static float Train(StorageType storage)
        {
            using var run = new Run("layer { name: 'l' type: 'ReLU' bottom: 'h' top: 'y' }", storage);
            var solver = new SolverParameter { BaseLr = 0.05f, LrPolicy = "fixed", Momentum = 0.9f };
            using var optimizer = new Optimizer(solver, run.Net.LearnableParams, run.Device)
            {
                GradScale = run.GradScale,
            };
            for (int i = 0; i < 30; i++)
            {
                run.Step();
                optimizer.ApplyUpdate(i);
            }

            return run.Loss;
        }
    }

    [Fact]
    public void SteadyIterations_AllocateNothingAndAskForNoMemory()
    {
        using var run = new Run(Layers.First(row => row.Data.Item1 == "Eltwise").Data.Item2, StorageType.Float16);
        SteadyState.AllocatesNothing(() =>
        {
            run.Net.Forward();
            run.Net.Backward();
        });
        long allocations = run.Device.Store.Windows.Allocations;
        run.Net.Forward();
        run.Net.Backward();
        Assert.Equal(allocations, run.Device.Store.Windows.Allocations);
    }

    // 4 steps of 8 sequences; first states, where there are any, come from what is learnt.
    private static string Recurrent(string type, int states)
    {
        string before = "", bottoms = "", tops = "", after = "";
        for (int i = 0; i < states; i++)
        {
            before += $$"""
                layer { name: 'q{{i}}' type: 'InnerProduct' bottom: 'h' top: 'q{{i}}'
                  inner_product_param { num_output: 16 weight_filler { type: 'xavier' } } }
                layer { name: 's{{i}}' type: 'Reshape' bottom: 'q{{i}}' top: 's{{i}}'
                  reshape_param { shape { dim: 1 dim: 8 dim: 8 } } }
                """;
            bottoms += $" bottom: 's{i}'";
            tops += $" top: 'last{i}'";
            after += $" layer {{ name: 'e{i}' type: 'Silence' bottom: 'last{i}' }}";
        }

        return $$"""
            {{before}}
            layer { name: 'l' type: '{{type}}' bottom: 'h' bottom: 'cont' {{bottoms}} top: 'y' {{tops}}
              recurrent_param { num_output: 8 expose_hidden: {{(states > 0 ? "true" : "false")}}
                weight_filler { type: 'uniform' min: -0.1 max: 0.1 } } }
            {{after}}
            """;
    }

    private static void Near(Run exact, Run half, float unit)
    {
        Assert.Equal(exact.Loss, half.Loss, Math.Max(1, Math.Abs(exact.Loss)) * 8 * unit);
        double largest = exact.Net.LearnableParams.Max(param => Math.Sqrt(param.Blob.SumSquaresDiff()));
        Assert.True(largest > 0);
        for (int i = 0; i < exact.Net.LearnableParams.Count; i++)
        {
            ReadOnlySpan<float> a = exact.Net.LearnableParams[i].Blob.Diff, b = half.Net.LearnableParams[i].Blob.Diff;
            double difference = 0;
            for (int k = 0; k < a.Length; k++)
                difference += Math.Pow(a[k] - (b[k] / half.Scale), 2);
            Assert.True(Math.Sqrt(difference) <= 24 * unit * largest,
                $"{exact.Net.LearnableParams[i].Name}: {Math.Sqrt(difference)} beside {largest}, unit {unit}");
        }
    }

    private sealed class Run : IDisposable
    {
        public Run(string layers, StorageType storage)
        {
            Device = new CpuDevice(2);
            NetParameter net = TextFormat.Parse<NetParameter>(
                $"state {{ phase: TRAIN }} {Head} {layers} {Tail}", "net.prototxt");
            var context = new LayerContext(Device, seed: 1)
            {
                Gpu = TestDevices.Gpu,
                GradScale = Compute.Solvers.GradScale.Of(net, storage, null),
            };
            GradScale = context.GradScale;
            Net = NetBuilder.Build(net, new NetOptions(context, LayerCatalog.Compute) { Precision = storage });
            LayerHarness.FillRandom(Net.Blob("x").MutableData, 7);
            new float[] { 0, 3, 1, 4 }.CopyTo(Net.Blob("t").MutableData);
            new float[] { 1, 0, 1, 1 }.CopyTo(Net.Blob("i").MutableData);
            Net.Blob("cont").MutableData.Fill(1);
        }

        public CpuDevice Device { get; }

        public Net Net { get; }

        public GradScale? GradScale { get; }

        public float Scale => GradScale?.Factor ?? 1;

        public float Loss { get; private set; }

        public void Step()
        {
            Poison();
            Net.ClearParamDiffs();
            foreach (NetLayer layer in Net.Layers)
            {
                foreach (Compute.Random.RandomStream stream in layer.Layer.RandomStreams.Values)
                    stream.Counter = 0;
            }

            Loss = Net.Forward();
            Net.Backward();
        }

        public void Dispose()
        {
            Net.Dispose();
            Device.Dispose();
        }

        private void Poison()
        {
            const int Count = 32 * 1024;
            Span<nint> lent = stackalloc nint[8];
            Span<nuint> sizes = stackalloc nuint[8];
            for (int i = 0; i < lent.Length; i++)
            {
                lent[i] = (nint)Device.Store.Windows.Rent(Count * sizeof(float), out sizes[i]);
                new Span<float>((void*)lent[i], Count).Fill(float.NaN);
            }

            for (int i = 0; i < lent.Length; i++)
                Device.Store.Windows.Return((void*)lent[i], sizes[i]);
        }
    }
}
