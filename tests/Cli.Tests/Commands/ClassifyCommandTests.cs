using System.Globalization;
using System.Text.RegularExpressions;
using CaffeActors.Api;
using CaffeActors.Api.Images;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Google.Protobuf;
using SkiaSharp;

namespace CaffeActors.Cli.Tests.Commands;

public sealed partial class ClassifyCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private string[] Model(int channels = 3, int classes = 7)
    {
        string model = _cli.Write("deploy.prototxt", $$"""
            name: "deploy"
            layer { name: "data" type: "Input" top: "data"
              input_param { shape { dim: 10 dim: {{channels}} dim: 14 dim: 14 } } }
            layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
              convolution_param { num_output: 4 kernel_size: 5 stride: 3 weight_filler { type: "xavier" } } }
            layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
              inner_product_param { num_output: {{classes}} weight_filler { type: "gaussian" std: 0.001 } } }
            layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
            """);
        using (CaffeNet net = CaffeNet.Open(model, null, new CaffeNetOptions { Seed = 5 }))
            net.Save(_cli.At("w.caffemodel"));
        return ["--model", model, "--weights", _cli.At("w.caffemodel")];
    }

    private string Image(string name = "a.png", int size = 20)
    {
        using var bitmap = new SKBitmap(size, size, SKColorType.Bgra8888, SKAlphaType.Opaque);
        for (int i = 0; i < size * size; i++)
            bitmap.SetPixel(i % size, i / size, new SKColor((byte)(i * 7), (byte)(i * 3), (byte)(255 - i)));
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(_cli.At(name), png.ToArray());
        return _cli.At(name);
    }

    private string Mean(int channels = 3, int size = 18)
    {
        var proto = new BlobProto { Num = 1, Channels = channels, Height = size, Width = size };
        for (int i = 0; i < channels * size * size; i++)
            proto.Data.Add(100 + (10 * (i / (size * size))) + (i % 2));
        File.WriteAllBytes(_cli.At("mean.binaryproto"), proto.ToByteArray());
        return _cli.At("mean.binaryproto");
    }

    private static string[] Scores(string output) =>
        [.. output.Split('\n').Where(line => ScoreLine().IsMatch(line)).Select(line => line.TrimEnd())];

    [Fact]
    public async Task FiveBest_AreThoseOfTheNet()
    {
        string[] model = Model();
        string image = Image(), labels = _cli.Write("words.txt", "zero\none\ntwo, too\nthree\nfour\nfive\nsix\n");
        Assert.Equal(0, await _cli.RunAsync(
            ["classify", .. model, "--mean", Mean(), "--labels", labels, "--device", TestDevices.Name, image]));
        Assert.StartsWith($"---------- Prediction for {image} ----------\n", _cli.Out.ReplaceLineEndings("\n"),
            StringComparison.Ordinal);

        // By hand, as Caffe's sample: resized in 8 bits, blue first, minus the channels' means.
        NdArray pixels = ImageArrays.Load(image, true, 14, 14);
        NdArray data = NdArray.Zeros(1, 3, 14, 14);
        for (int c = 0; c < 3; c++)
        {
            for (int i = 0; i < 196; i++)
                data.Values[(c * 196) + i] = (pixels.Values[(i * 3) + 2 - c] * 255) - (100.5f + (10 * c));
        }

        using CaffeNet net = CaffeNet.Open(model[1], null, new CaffeNetOptions { Weights = model[3] });
        net.Reshape("data", 1, 3, 14, 14);
        float[] scores = net.Forward(("data", data))["prob"].Data.ToArray();
        string[] names = ["zero", "one", "two, too", "three", "four", "five", "six"];
        Assert.Equal(Classifier.Top(scores).Select(entry =>
            string.Create(CultureInfo.InvariantCulture, $"{entry.Score:F4} - \"{names[entry.Class]}\"")),
            Scores(_cli.Out));
    }

    [Fact]
    public async Task Oversampling_AndSeveralImages()
    {
        string[] model = Model();
        Assert.Equal(0, await _cli.RunAsync(
            ["classify", .. model, "--oversample", "--mean", Mean(), Image("a.png"), Image("b.png", 33)]));
        Assert.Equal(10, Scores(_cli.Out).Length);
        Assert.Equal(2, _cli.Out.Split("Prediction for").Length - 1);
        string all = _cli.Out;
        Assert.Equal(0, await _cli.RunAsync(["classify", .. model, "--oversample", "--images-dim", "18,18", "--mean",
            "100.5,110.5,120.5", _cli.At("a.png"), _cli.At("b.png")]));
        Assert.Equal(all, _cli.Out);
    }

    [Fact]
    public async Task GrayNets_AndFewClasses()
    {
        string[] model = Model(channels: 1, classes: 3);
        Assert.Equal(0, await _cli.RunAsync(["classify", .. model, "--mean", "33", Image()]));
        string[] scores = Scores(_cli.Out);
        Assert.Equal(3, scores.Length);
        Assert.All(scores, line => Assert.Matches("^[01]\\.[0-9]{4} - \"[012]\"$", line));
    }

    [Fact]
    public async Task MissingAndWrongFiles_HaveTheirExitCodes()
    {
        string[] model = Model();
        string image = Image();
        await Fails(2, "Required argument missing|IMAGE", [.. model]);
        await Fails(2, "CFA1005.*gone.prototxt", ["--model", _cli.At("gone.prototxt"), .. model[2..], image]);
        await Fails(5, "CFA1005.*gone.caffemodel", [.. model[..2], "--weights", _cli.At("gone.caffemodel"), image]);
        await Fails(5, "CFA1005.*gone.png", [.. model, _cli.At("gone.png")]);
        await Fails(5, "CFA1502.*deploy.prototxt", [.. model, model[1]]);
        await Fails(5, "CFA1005.*gone.binaryproto", [.. model, "--mean", _cli.At("gone.binaryproto"), image]);
        await Fails(5, "CFA1502.*mean image", [.. model, "--mean", image, image]);
        await Fails(2, "CFA1203.*3 channels", [.. model, "--mean", Mean(channels: 1), image]);
        await Fails(2, "--mean has 2 values", [.. model, "--mean", "1,2", image]);
        await Fails(5, "CFA1005.*gone.txt", [.. model, "--labels", _cli.At("gone.txt"), image]);
        await Fails(2, "CFA1203.*2 labels", [.. model, "--labels", _cli.Write("two.txt", "a\nb\n"), image]);
        await Fails(2, "--images-dim", [.. model, "--images-dim", "9,9", image]);
    }

    private async Task Fails(int code, string says, string[] arguments)
    {
        Assert.Equal(code, await _cli.RunAsync(["classify", .. arguments]));
        Assert.Matches(says, _cli.Error);
        Assert.DoesNotContain("   at ", _cli.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex("^\\d\\.\\d{4} - \"")]
    private static partial Regex ScoreLine();
}
