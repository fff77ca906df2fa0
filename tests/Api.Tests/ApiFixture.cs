using System.Text;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;
using SkiaSharp;

namespace CaffeActors.Api.Tests;

/// <summary>Small nets, a solver, a database and images in a folder of a test's own.</summary>
internal sealed class ApiFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string At(params string[] parts) => _folder.At(parts);

    public string Write(string name, string text) => _folder.Write(name, text);

    public void Dispose() => _folder.Dispose();

    /// <summary>A net with an input of 4 × 3 × 6 × 6 and five classes.</summary>
    public string Deploy(string more = "", int channels = 3) => Write("deploy.prototxt", $$"""
        name: "deploy" {{more}}
        layer { name: "data" type: "Input" top: "data"
          input_param { shape { dim: 4 dim: {{channels}} dim: 6 dim: 6 } } }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
        layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
          inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
        layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
        """);

    /// <summary>Weights of <see cref="Deploy"/>.</summary>
    public string Weights(ulong seed = 3)
    {
        using CaffeNet net = CaffeNet.Open(At("deploy.prototxt"), null, new CaffeNetOptions { Seed = seed });
        net.Save(At("weights.caffemodel"));
        return At("weights.caffemodel");
    }

    /// <summary>A solver with everything that has a state: random crops and mirrors, dropout, momentum, a test net,
    /// smoothed loss, two passes an iteration.</summary>
    public string Solver(string more = "")
    {
        Database();
        Write("net.prototxt", $$"""
            name: "small"
            layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
              transform_param { scale: 0.01 mirror: true crop_size: 10 }
              data_param { source: "{{At("db")}}" batch_size: 8 backend: LMDB } }
            layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
              transform_param { scale: 0.01 crop_size: 10 }
              data_param { source: "{{At("db")}}" batch_size: 5 backend: LMDB } }
            layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
              convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
              pooling_param { kernel_size: 2 stride: 2 } }
            layer { name: "ip1" type: "InnerProduct" bottom: "pool" top: "ip1"
              inner_product_param { num_output: 12 weight_filler { type: "gaussian" std: 0.1 } } }
            layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }
            layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
              inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
            layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
              include { phase: TEST } }
            """);
        string policy = more.Contains("lr_policy", StringComparison.Ordinal) ? "" : "lr_policy: \"step\" stepsize: 7";
        return Write("solver.prototxt", $"""
            net: "{At("net.prototxt")}" base_lr: 0.02 momentum: 0.9 weight_decay: 0.001 {policy} gamma: 0.5
            display: 4 average_loss: 3 iter_size: 2 test_iter: 3 test_interval: 5 max_iter: 12 random_seed: 5
            solver_mode: CPU snapshot_prefix: "{At("snap")}" {more}
            """);
    }

    /// <summary>Writes a PNG whose pixel at row y, column x is (red, green, blue) = pixel(y, x).</summary>
    public string Image(string name, int height, int width, Func<int, int, (int R, int G, int B)> pixel)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (int r, int g, int b) = pixel(y, x);
                bitmap.SetPixel(x, y, new SKColor((byte)r, (byte)g, (byte)b));
            }
        }

        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(At(name), png.ToArray());
        return At(name);
    }

    /// <summary>Values that differ, between -1 and 1.</summary>
    public static NdArray Wave(params int[] shape)
    {
        NdArray array = NdArray.Zeros(shape);
        for (int i = 0; i < array.Count; i++)
            array.Values[i] = MathF.Sin(i * 0.7f);
        return array;
    }

    private void Database()
    {
        if (Directory.Exists(At("db")))
            return;
        Directory.CreateDirectory(At("db"));
        using var writer = new LmdbWriter(At("db"));
        for (int i = 0; i < 50; i++)
        {
            byte[] pixels =
                [.. Enumerable.Range(0, 144).Select(p => (byte)((((p * 31) + (i * 57)) % 120) + (i % 4 * 32)))];
            var datum = new Datum
            {
                Channels = 1,
                Height = 12,
                Width = 12,
                Label = i % 4,
                Data = ByteString.CopyFrom(pixels),
            };
            writer.Put(Encoding.UTF8.GetBytes($"{i:D8}"), datum.ToByteArray());
        }

        writer.Complete();
    }
}
