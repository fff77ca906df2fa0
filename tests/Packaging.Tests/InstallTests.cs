using CaffeActors.Data.Runs;
using CaffeActors.Testing;

namespace CaffeActors.Packaging.Tests;

/// <summary>The packages as people use them: the tool is installed, a program uses the library, templates are
/// made.</summary>
public sealed class InstallTests(PackedFeed feed)
{
    private const string Net = """
        name: "small"
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
        layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
        """;

    [Fact]
    public async Task Tool_IsInstalled_TrainsAndTellsOfIt()
    {
        Directory.CreateDirectory(feed.At("work"));
        await feed.DotnetAsync("work", "tool", "install", "CaffeActors.Tool", "--version", feed.Version,
            "--tool-path", feed.At("tools"));
        Assert.StartsWith(PackedFeed.ProductVersion, await ToolAsync("--version"));
        await ToolAsync("init", "shapes");
        await ToolAsync("train", "shapes/shapes.hocon", "--max-iter", "40");
        RunManifest run = Assert.Single(RunIndex.List(feed.At("work", "runs"))).Manifest;
        Assert.Equal((RunState.Finished, 40), (run.State, run.LastIteration));
        // By DuckDB and by Skia, whose native libraries came with the package.
        Assert.Contains("loss", await ToolAsync("metrics", "show", "latest"), StringComparison.Ordinal);
        await ToolAsync("metrics", "plot", "latest", "loss.png");
        Assert.True(new FileInfo(feed.At("work", "loss.png")).Length > 1000);

        Task<string> ToolAsync(params string[] arguments) =>
            feed.RunAsync("work", feed.At("tools", "caffeactors"), arguments);
    }

    [Fact]
    public async Task Library_ServesAProgramOfAFewLines()
    {
        feed.Write("Mine/Mine.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup><PackageReference Include="CaffeActors" Version="{feed.Version}" /></ItemGroup>
            </Project>
            """);
        feed.Write("Mine/net.prototxt", Net);
        feed.Write("Mine/Program.cs", """
            using CaffeActors.Api;

            using CaffeNet net = CaffeNet.Open("net.prototxt");
            NdArray input = NdArray.Zeros(net.Blobs["data"].Shape);
            System.Console.WriteLine($"prob {net.Forward(("data", input))["prob"].Data[0]}");
            """);
        Assert.Contains("prob 0.25", await feed.DotnetAsync("Mine", "run", "-p:UseSharedCompilation=false"),
            StringComparison.Ordinal);
        Assert.True(Directory.Exists(feed.At("packages", "caffeactors", feed.Version)));
    }

    [Fact]
    public async Task Templates_AreInstalledAndBuilt()
    {
        string[] hive = ["--debug:custom-hive", feed.At("hive")];
        await feed.DotnetAsync("", ["new", "install", feed.PathOf("CaffeActors.Templates"), .. hive]);
        await feed.DotnetAsync("", ["new", "caffeactors-training", "-o", feed.At("Digits"), .. hive]);
        Assert.True(File.Exists(feed.At("Digits", "Digits.csproj")));
        await feed.DotnetAsync("", ["new", "caffeactors-layer", "-o", feed.At("Shifts"), .. hive]);
        await feed.DotnetAsync("Shifts", "build", $"-p:CaffeActorsVersion={feed.Version}",
            "-p:UseSharedCompilation=false", "-o", feed.At("shifts"));
        Assert.True(File.Exists(feed.At("shifts", "Shifts.dll")));
        // The program has it, and the layer shares it.
        Assert.False(File.Exists(feed.At("shifts", "CaffeActors.Compute.dll")));
    }

    [Theory]
    [InlineData("layer/MyLayers.csproj")]
    [InlineData("training/MyTraining.csproj")]
    public void Templates_AskForThePackagesOfTheirOwnVersion(string project) =>
        Assert.Contains($">{PackedFeed.ProductVersion}</CaffeActorsVersion>",
            File.ReadAllText(Repository.PathOf("templates", project)), StringComparison.Ordinal);
}
