using System.Globalization;
using System.Text.RegularExpressions;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>LeNet trained by two, three and four nodes is LeNet trained by one.</summary>
[Collection(ClusterRunCollection.Name)]
public sealed partial class SameWeightsTests
{
    private static int Iterations => ClusterRun.IsLong ? 100 : 20;

    [Fact]
    public async Task AnyNumberOfNodes_GivesTheBitsOfOne()
    {
        for (int repeat = 0; repeat < (ClusterRun.IsLong ? 5 : 1); repeat++)
        {
            await using var run = new ClusterRun(4);
            byte[] alone = await AloneAsync(run, Iterations);
            // Runs whose nodes come and go have the other numbers.
            foreach (int nodes in ClusterRun.IsLong ? (int[])[2, 3, 4] : [3])
                Assert.Equal(alone, await TogetherAsync(run, nodes, Iterations));
        }
    }

    [Fact]
    public async Task WhereSumsHaveAnyOrder_WeightsAreNearlyThose()
    {
        await using var run = new ClusterRun(3);
        string[] any = ["--set", "parallel.reproducible=off"];
        string[] ring = [.. any, "--set", "parallel.reduction=ring"];
        float[] alone = Values(await AloneAsync(run, 10, any));
        float limit = 1e-5f * alone.Max(Math.Abs);
        (int, string[])[] runs = ClusterRun.IsLong ? [(2, any), (3, ring)] : [(3, ring)];
        foreach ((int nodes, string[] how) in runs)
        {
            float[] together = Values(await TogetherAsync(run, nodes, 10, how));
            float difference = alone.Zip(together, (one, other) => Math.Abs(one - other)).Max();
            TestContext.Current.TestOutputHelper?.WriteLine($"{nodes} nodes: {difference} of {limit}");
            Assert.InRange(difference, 0, limit);
        }
    }

    [Fact]
    public async Task GradientsIn16Bits_Train()
    {
        await using var run = new ClusterRun(2);
        await TogetherAsync(
            run, 2, 40, "--set", "cluster.compression=fp16", "--set", "parallel.reproducible=off");
        float[] losses =
        [
            .. run[0].Lines.Select(line => Loss().Match(line)).Where(match => match.Success)
                .Select(match => float.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)),
        ];
        Assert.InRange(losses[^5..].Average(), 0, losses[0] / 4);
    }

    [GeneratedRegex(@"Iteration \d+ .*loss = ([0-9.e+-]+)")]
    private static partial Regex Loss();

    private static async Task<byte[]> AloneAsync(ClusterRun run, int iterations, params string[] more)
    {
        NodeProcess alone = run.Alone("alone", [.. more, "--max-iter", $"{iterations}"]);
        await run.ExitsAsync(alone, 0);
        return run.Weights("alone", iterations);
    }

    // Folders of nodes are their own for each number of nodes.
    private static async Task<byte[]> TogetherAsync(ClusterRun run, int nodes, int iterations, params string[] more)
    {
        string[] arguments =
            [.. more, "--max-iter", $"{iterations}", "--output-root", $"runs-{nodes}"];
        NodeProcess first = run.Train(0, $"{nodes}:{nodes}", arguments);
        for (int node = 1; node < nodes; node++)
            run.Work(node, $"{nodes}:{nodes}", [0], arguments);
        await run.ExitsAsync(first, 0);
        for (int node = 1; node < nodes; node++)
            await run.ExitsAsync(run[node], 0);
        return run.Weights(Path.Combine("node-0", $"runs-{nodes}"), iterations);
    }

    private static float[] Values(byte[] weights) =>
    [
        .. NetParameter.Parser.ParseFrom(weights).Layer.SelectMany(layer => layer.Blobs).SelectMany(blob => blob.Data),
    ];
}
