using System.Globalization;
using System.Text.RegularExpressions;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>Every configuration of the repository builds the net its paper has, and trains.</summary>
public sealed partial class ConfigurationTests(EmbeddedImages images) : IClassFixture<EmbeddedImages>, IDisposable
{
    private readonly CliRun _cli = new();

    /// <summary>Configurations, and the learnable parameters of their train nets, counted by hand from the papers'
    /// tables: weights and biases, for batch normalization two factors and two statistics a channel and one
    /// weight.</summary>
    public static TheoryData<string, long> Parameters => new()
    {
        { "alexnet", 60_965_224 },
        { "autoencoder", 2_837_314 },
        { "autoencoder_adadelta", 2_837_314 },
        { "autoencoder_adagrad", 2_837_314 },
        { "autoencoder_nesterov", 2_837_314 },
        { "caffenet", 60_965_224 },
        { "cifar10_full", 89_578 },
        { "cifar10_full_sigmoid", 89_578 },
        { "cifar10_full_sigmoid_bn", 89_578 - 128 + (2 * 128) + 3 },
        { "cifar10_quick", 145_578 },
        { "cluster", 431_080 },
        { "finetune", 431_080 },
        { "finetune_flickr_style", 60_965_224 - (980 * 4097) },
        { "googlenet", 6_998_552 + 3_188_840 + 3_190_888 },
        { "lenet", 431_080 },
        { "lenet_adadelta", 431_080 },
        { "lenet_adagrad", 431_080 },
        { "lenet_adam", 431_080 },
        { "lenet_multistep", 431_080 },
        { "lenet_nesterov", 431_080 },
        { "lenet_rmsprop", 431_080 },
        { "lstm", (4 * 128 * (28 + 1 + 128)) + (129 * 10) },
        { "mobilenet", 4_231_976 + (2 * 10_944) + 27 },
        { "resnet18", 11_689_512 + (64 * 64) + 128 + (2 * 4_864) + 21 },
        { "resnet50", 25_557_032 + 64 + (2 * 26_560) + 53 },
        { "siamese", 431_080 + (11 * 2) },
        { "squeezenet_v1.1", 1_235_496 },
        { "vgg16", 138_357_544 },
    };

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void AllConfigurations_AreTested() =>
        Assert.Equal(
            Directory.GetFiles(Repository.PathOf("configs"), "*.hocon").Select(Path.GetFileNameWithoutExtension)
                .Where(name => name != "defaults").Order(StringComparer.Ordinal),
            Parameters.Select(row => row.Data.Item1).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Parameters))]
    public async Task Configuration_BuildsThePublishedNet(string name, long parameters)
    {
        int code = await _cli.RunAsync("train", Config(name), "--dry-run", "--set", images.Setting);
        Assert.True(code == ExitCodes.Done, _cli.Error);
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $" {parameters:N0} parameters,"), _cli.Out,
            StringComparison.Ordinal);
        Assert.Contains($"run '{name}':", _cli.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alexnet")]
    [InlineData("autoencoder", "data", 100)]
    [InlineData("autoencoder_adadelta", "data", 100)]
    [InlineData("autoencoder_adagrad", "data", 100)]
    [InlineData("autoencoder_nesterov", "data", 100)]
    [InlineData("caffenet")]
    [InlineData("cifar10_full", "cifar", 10)]
    [InlineData("cifar10_full_sigmoid", "cifar", 10)]
    [InlineData("cifar10_full_sigmoid_bn", "cifar", 10)]
    [InlineData("cifar10_quick", "cifar", 10)]
    [InlineData("finetune", "mnist", 10)]
    [InlineData("googlenet")]
    [InlineData("lenet_adadelta", "mnist", 10)]
    [InlineData("lenet_adagrad", "mnist", 10)]
    [InlineData("lenet_adam", "mnist", 10)]
    [InlineData("lenet_multistep", "mnist", 10)]
    [InlineData("lenet_nesterov", "mnist", 10)]
    [InlineData("lenet_rmsprop", "mnist", 10)]
    [InlineData("lstm", "data", 64)]
    [InlineData("mobilenet")]
    [InlineData("resnet18")]
    [InlineData("resnet50")]
    [InlineData("siamese", "pair_data", 10)]
    [InlineData("squeezenet_v1.1")]
    public async Task Configuration_Trains(string name, string data = "data", int batch = 1)
    {
        int code = await _cli.RunAsync(
            "train", Config(name), "--max-iter", "3", "--seed", "1", "--output-root", _cli.At("runs"),
            "--set", images.Setting, "--set", $"layers-train.{data}.data_param.batch_size={batch}",
            "--set", "solver.iter_size=1", "--set", "solver.display=1", "--set", "solver.snapshot_after_train=false",
            "--set", "solver.test_iter=[]", "--set", "solver.test_state=[]");
        Assert.True(code == ExitCodes.Done, _cli.Error);
        float[] losses = [.. LossLine().Matches(_cli.Error)
            .Select(match => float.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.True(losses.Length >= 3, _cli.Error);
        Assert.All(losses, loss => Assert.True(float.IsFinite(loss) && loss < 2000, _cli.Error));
    }

    [Fact]
    public async Task FineTuning_TellsWhatWasLoaded()
    {
        string[] once = ["--max-iter", "1", "--output-root", _cli.At("runs"), "--set", images.Setting,
            "--set", "solver.test_initialization=false"];
        Assert.True(await _cli.RunAsync(["train", Config("lenet"), .. once]) == ExitCodes.Done, _cli.Error);
        string weights = Directory.GetFiles(
            _cli.At("runs"), "lenet_iter_1.caffemodel", SearchOption.AllDirectories).Single();

        int code = await _cli.RunAsync(["train", Config("finetune"), "--weights", weights, .. once]);
        Assert.True(code == ExitCodes.Done, _cli.Error);
        Assert.Contains($"Finetuning from {weights}", _cli.Error, StringComparison.Ordinal);
        Assert.Matches(@"Ignoring source layer ip2\n", _cli.Error);
        Assert.Contains("Loaded 3 layer(s); no weights for: ip2_new", _cli.Error, StringComparison.Ordinal);
    }

    private static string Config(string name) => Repository.PathOf("configs", name + ".hocon");

    [GeneratedRegex(@"Iteration \d+ .*, loss = (\S+)\n")]
    private static partial Regex LossLine();
}
