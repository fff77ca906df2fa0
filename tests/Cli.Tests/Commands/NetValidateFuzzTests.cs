using CaffeActors.Compute.Random;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Nets damaged in many ways: net validate finds what the other commands would refuse, and never fails
/// itself.</summary>
public sealed class NetValidateFuzzTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("lenet_deploy", 60)]
    [InlineData("siamese_deploy", 60)]
    [InlineData("squeezenet_v1.1_deploy", 25)]
    public async Task DamagedNet_IsRefusedByBothOrByNone(string name, int count)
    {
        string[] sound = await File.ReadAllLinesAsync(
            Repository.PathOf("configs", "nets", $"{name}.prototxt"), TestContext.Current.CancellationToken);
        var random = new RandomStream(seed: 7, RandomStream.StreamId(name));
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            List<string> lines = [.. sound];
            for (int damages = 1 + (i % 3); damages > 0; damages--)
                Damage(lines, random);
            string text = string.Join('\n', lines), file = _cli.Write("net.prototxt", text);
            int code = await _cli.RunAsync("net", "validate", file, "--phase", "TEST");
            Assert.True(code is 0 or 2, $"{code}: {_cli.Out}{_cli.Error}{text}");
            Assert.DoesNotContain("CFA1900", _cli.Out, StringComparison.Ordinal);
            string told = _cli.Out;
            int summary = await _cli.RunAsync("net", "summary", file, "--phase", "TEST");
            Assert.True(code == 0 ? summary == 0 : told.Contains(": error CFA", StringComparison.Ordinal),
                $"{told}{_cli.Error}{text}");
            if (summary != 0)
                Assert.Equal(2, code);
            refused += code / 2;
        }

        Assert.InRange(refused, count / 4, count - 1);
    }

    private static void Damage(List<string> lines, RandomStream random)
    {
        int at = (int)random.NextBelow((uint)lines.Count), kind = (int)random.NextBelow(5);
        string line = lines[at];
        int column = (int)random.NextBelow((uint)line.Length + 1);
        switch (kind)
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, line);
                break;
            case 2 when column < line.Length:
                lines[at] = line.Remove(column, 1);
                break;
            case 3:
                lines[at] = line.Insert(column, "x");
                break;
            default:
                lines[at] = line.Replace('1', '3').Replace('2', '7');
                break;
        }
    }
}
