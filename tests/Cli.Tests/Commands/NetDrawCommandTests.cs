using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>net draw.</summary>
public sealed partial class NetDrawCommandTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly CliRun _cli = new();

    public static TheoryData<string> Nets => new(
        Directory.GetFiles(Repository.PathOf("configs", "nets"), "*.prototxt")
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));

    public void Dispose() => _cli.Dispose();

    private async Task<string> DrawAsync(string net, string output, params string[] more)
    {
        int code = await _cli.RunAsync(["net", "draw", net, _cli.At(output), .. more]);
        Assert.True(code == ExitCodes.Done, _cli.Error);
        return await File.ReadAllTextAsync(_cli.At(output), TestContext.Current.CancellationToken);
    }

    private static string Net(string name) => Repository.PathOf("configs", "nets", $"{name}.prototxt");

    [Theory]
    [MemberData(nameof(Nets))]
    public async Task Boxes_DoNotOverlap(string name)
    {
        foreach (string direction in (string[])["TB", "LR"])
        {
            XElement svg = XDocument.Parse(await DrawAsync(Net(name), "net.svg", "--rankdir", direction)).Root!;
            (double Left, double Top, double Right, double Bottom)[] boxes =
            [
                .. svg.Descendants(Svg + "path").Where(path => path.Attribute("class")?.Value == "frame")
                    .Select(path => Box(path.Attribute("d")!.Value)),
            ];
            Assert.True(boxes.Length > 2);
            for (int i = 0; i < boxes.Length; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    Assert.True(boxes[i].Left >= boxes[j].Right || boxes[j].Left >= boxes[i].Right
                        || boxes[i].Top >= boxes[j].Bottom || boxes[j].Top >= boxes[i].Bottom,
                        $"{direction}: {boxes[i]} and {boxes[j]}");
                }
            }
        }
    }

    [Fact]
    public async Task PictureInTheDocs_IsWhatTheCommandDraws()
    {
        string drawn = await DrawAsync(Net("lenet"), "lenet.svg", "--input-shape", "data=64,1,28,28");
        Assert.Contains(">64×20×24×24</text>", drawn, StringComparison.Ordinal);
        string path = Repository.PathOf("docs", "images", "lenet.svg");
        if (Environment.GetEnvironmentVariable("CAFFEACTORS_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, drawn, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), drawn);
    }

    [Fact]
    public async Task Phase_DecidesWhichLayersAreDrawn()
    {
        Assert.DoesNotContain("accuracy", await DrawAsync(Net("lenet"), "train.svg"), StringComparison.Ordinal);
        Assert.Contains(
            "accuracy", await DrawAsync(Net("lenet"), "test.svg", "--phase", "TEST"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetWhoseShapesAreNotKnown_IsDrawnWithoutThem()
    {
        Assert.DoesNotContain(">64×", await DrawAsync(Net("lenet"), "net.dot"), StringComparison.Ordinal);
        Assert.Contains("give it with --input-shape data=N,C,H,W.", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OUT ends with .svg or .dot", "net.png")]
    [InlineData("--rankdir is TB or LR, not 'BT'", "net.svg", "--rankdir", "BT")]
    public async Task WrongUse_IsRefused(string says, string output, params string[] more)
    {
        Assert.Equal(2, await _cli.RunAsync(["net", "draw", Net("lenet"), _cli.At(output), .. more]));
        Assert.Contains(says, _cli.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_cli.At(output)));
    }

    private static (double Left, double Top, double Right, double Bottom) Box(string path)
    {
        Match match = Outline().Match(path);
        Assert.True(match.Success, path);
        double[] numbers =
            [.. match.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture))];
        (double left, double top, double corner) = (numbers[0], numbers[1] - numbers[2], numbers[2]);
        return (left, top, left + numbers[3] + (2 * corner), top + numbers[4] + (2 * corner));
    }

    // Left, top and the corner's radius, then the straight parts of width and height.
    [GeneratedRegex(@"^M([\d.-]+),([\d.-]+)q0,-([\d.]+) [\d.]+,[\d.-]+h([\d.]+)q[^v]+v([\d.]+)q")]
    private static partial Regex Outline();
}
