using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets.Memory;

public sealed class MemoryPlanTests : NetTests
{
    private const int Iterations = 3;

    public static TheoryData<string> Names => [.. PlannedNets.Texts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Training_GivesTheSameBitsInAnyOrder(string name)
    {
        List<float> expected = Train(name, null, seed: null);
        foreach (Recompute recompute in Enum.GetValues<Recompute>())
        {
            var use = new NetUse(Backward: true) { Recompute = recompute };
            Assert.Equal(expected, Train(name, use, seed: null));
            for (uint seed = 0; seed < 8; seed++)
                Assert.Equal(expected, Train(name, use, seed));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_GivesTheSameBitsInAnyOrderAndMakesNoDiffs(string name)
    {
        string text = PlannedNets.Texts[name].Replace("phase: TRAIN", "phase: TEST", StringComparison.Ordinal);
        // What is folded is rounded otherwise, and more of it is where blobs are not read.
        const NetPasses Exact = NetPasses.All & ~NetPasses.FoldBatchNorm;
        using Net plain = Build(text, passes: Exact), planned = Build(text, new NetUse(Backward: false), Exact);
        for (uint seed = 0; seed < 8; seed++)
        {
            Run(plain, null, backward: false);
            Run(planned, seed, backward: false);
            foreach (string output in plain.OutputNames)
                Assert.Equal(plain.Blob(output).Data.ToArray(), planned.Blob(output).Data.ToArray());
        }

        if (TestDevices.Gpu is null)
        {
            Assert.All(
                planned.Layers.SelectMany(layer => layer.Top.Where((_, t) => layer.Layer.LossWeight(t) == 0)),
                top => Assert.Equal(SyncState.Uninitialized, top.DiffMemory.Head));
        }

        Assert.Throws<InvalidOperationException>(planned.Backward);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Plans_TakeLess(string name)
    {
        using Net net = Build(PlannedNets.Texts[name]);
        var forward = MemoryPlan.Of(net, new NetUse(Backward: false));
        var training = MemoryPlan.Of(net, new NetUse(Backward: true));
        Assert.True(forward.Bytes < forward.UnplannedBytes * 9 / 10, $"{forward.Bytes} of {forward.UnplannedBytes}");
        Assert.True(training.Bytes < training.UnplannedBytes * 9 / 10, $"{training.Bytes} {training.UnplannedBytes}");
        Assert.True(forward.UnplannedBytes < training.UnplannedBytes);
    }

    [Fact]
    public void Recompute_TakesLessThanKeeping()
    {
        string text = PlannedNets.Texts["residual"];
        var cheap = new NetUse(Backward: true) { Recompute = Recompute.Cheap };
        using Net keeps = Build(text, new NetUse(Backward: true)), recomputes = Build(text, cheap);
        long kept = MemoryPlan.Of(keeps, new NetUse(Backward: true)).Bytes;
        Assert.True(MemoryPlan.Of(recomputes, cheap).Bytes < kept);
    }

    [Fact]
    public void KeptBlobs_CanBeReadAfterThePass()
    {
        string text = PlannedNets.Texts["chain"];
        string[] kept = ["norm1", "conv2"];
        using Net plain = Build(text), planned = Build(text, new NetUse(Backward: true, kept));
        foreach (Net net in (Net[])[plain, planned])
        {
            net.Forward();
            net.Backward();
        }

        foreach (string name in kept)
        {
            Assert.Equal(plain.Blob(name).Data.ToArray(), planned.Blob(name).Data.ToArray());
            Assert.Equal(plain.Blob(name).Diff.ToArray(), planned.Blob(name).Diff.ToArray());
        }
    }

    [Fact]
    public void NetThatGrows_IsPlannedAnew()
    {
        const string Text = """
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 40 dim: 40 } } }
            layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { shift: 1 } }
            layer { name: "b" type: "Power" bottom: "a" top: "b" power_param { scale: 2 } }
            layer { name: "c" type: "Power" bottom: "b" top: "c" power_param { scale: 3 } }
            layer { name: "d" type: "Power" bottom: "c" top: "d" power_param { shift: 1 } }
            """;
        using Net net = Build(Text, new NetUse(Backward: false));
        foreach (int items in (int[])[2, 5, 1])
        {
            net.Blob("x").Reshape(items, 3, 40, 40);
            net.Reshape();
            net.Blob("x").MutableData.Fill(items);
            net.Forward();
            Assert.Equal(items * 4800, net.Blob("d").Count);
            Assert.All(net.Blob("d").Data.ToArray(), value => Assert.Equal(((items + 1) * 6) + 1, value));
            if (TestDevices.Gpu is null)
                Assert.True(net.Blob("a").DataMemory.IsPlaced && net.Blob("c").DataMemory.IsPlaced);
        }
    }

    // Losses, and all parameters with their gradients.
    private List<float> Train(string name, NetUse? use, uint? seed)
    {
        List<float> all = [];
        using Net net = Build(PlannedNets.Texts[name], use);
        for (int i = 0; i < Iterations; i++)
        {
            net.ClearParamDiffs();
            all.Add(Run(net, seed + (uint)i, backward: true));
            foreach (LearnableParam param in net.LearnableParams)
            {
                all.AddRange(param.Blob.Diff);
                if (param.LrMult == 0)
                    continue;
                Span<float> data = param.Blob.MutableData;
                for (int j = 0; j < data.Length; j++)
                    data[j] -= 0.01f * param.Blob.Diff[j];
            }

            foreach (string output in net.OutputNames)
                all.AddRange(net.Blob(output).Data);
        }

        Assert.All(all, value => Assert.True(float.IsFinite(value)));
        return all;
    }

    // A pass in the order of the layers, or in some order that their dependencies allow, as actors may run it.
    private static float Run(Net net, uint? seed, bool backward)
    {
        var losses = new float[net.Layers.Count];
        var graph = new NetGraph(net);
        if (seed is null)
        {
            float loss = net.Forward();
            if (backward)
                net.Backward();
            return loss;
        }

        var draw = new RandomDraw(seed.Value, 0, 0);
        uint drawn = 0;
        int[] waitsFor = [.. net.Layers.Select(layer => layer.Bottom.Length)];
        Go(graph.ForwardSources, waitsFor, rank => losses[rank] = net.ForwardLayer(rank),
            rank => graph.Layers[rank].ReadBy.Where(link => link is not null).Select(link => link!.Value.Rank));
        if (backward)
        {
            int[] diffs = [.. graph.Layers.Select(node => node.DiffsAwaited + node.TurnsAwaited)];
            Go(graph.BackwardSources.Where(rank => diffs[rank] == 0), diffs, net.BackwardLayer,
                rank => graph.Layers[rank].SendsDiffsTo.Concat(graph.Layers[rank].PassesTurnTo));
        }

        return losses.Sum();

        void Go(IEnumerable<int> sources, int[] missing, Action<int> run, Func<int, IEnumerable<int>> next)
        {
            List<int> ready = [.. sources];
            while (ready.Count > 0)
            {
                int pick = (int)(draw.Bits(drawn++) % (uint)ready.Count), rank = ready[pick];
                ready.RemoveAt(pick);
                run(rank);
                ready.AddRange(next(rank).Where(later => --missing[later] == 0));
            }
        }
    }
}
