using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CsCheck;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>The plan by which layers run as messages arrive: any order it allows gives the plain loop's bits.</summary>
public sealed class NetGraphTests : NetTests
{
    // What is appended, and to which of the blobs so far.
    private static readonly Gen<(int Kind, int First, int Second)[]> Plans =
        Gen.Select(Gen.Int[0, 8], Gen.Int[0, 99], Gen.Int[0, 99]).Array[1, 14];

    [Fact]
    public void AnyOrderThePlanAllows_GivesTheSameBits() =>
        Gen.Select(Plans, Gen.Int[0, int.MaxValue]).Sample(
            (plan, seed) =>
            {
                string text = NetOf(plan);
                using Net plain = Build(text);
                using Net shuffled = Build(text);
                FillInput(plain);
                FillInput(shuffled);
                var draw = new System.Random(seed);
                var graph = new NetGraph(shuffled);
                for (int pass = 0; pass < 2; pass++)
                {
                    plain.ClearParamDiffs();
                    float loss = plain.Forward();
                    plain.Backward();
                    shuffled.ClearParamDiffs();
                    float[] losses = RunForward(shuffled, graph, draw);
                    Assert.Equal(loss, losses.Aggregate(0f, (sum, part) => sum + part));
                    RunBackward(shuffled, graph, draw);
                }

                foreach (string name in plain.BlobNames)
                {
                    Assert.Equal(plain.Blob(name).Data.ToArray(), shuffled.Blob(name).Data.ToArray());
                    Assert.Equal(plain.Blob(name).Diff.ToArray(), shuffled.Blob(name).Diff.ToArray());
                }

                for (int i = 0; i < plain.LearnableParams.Count; i++)
                {
                    Blob expected = plain.LearnableParams[i].Blob, actual = shuffled.LearnableParams[i].Blob;
                    Assert.Equal(expected.Diff.ToArray(), actual.Diff.ToArray());
                }
            },
            iter: 300, threads: 1, print: sample => NetOf(sample.Item1));

    [Fact]
    public void Sharers_TakeTurnsFromTheTop()
    {
        const string Shared = "param { name: \"w\" } param { name: \"b\" }";
        using Net net = Build(
            $"state {{ phase: TRAIN }} {Input} {Ip("a", "x", Shared, 3)} {Ip("b", "a", Shared, 3)} "
            + $"{Ip("c", "b", Shared, 3)} {Loss("c")}");
        var graph = new NetGraph(net);
        int a = net.FindLayer("a")!.Rank, b = net.FindLayer("b")!.Rank, c = net.FindLayer("c")!.Rank;
        // Two blobs are shared, so each layer passes two turns.
        Assert.Equal([b, b], graph.Layers[c].PassesTurnTo);
        Assert.Equal([a, a], graph.Layers[b].PassesTurnTo);
        Assert.Equal((0, 2, 2), (graph.Layers[c].TurnsAwaited, graph.Layers[b].TurnsAwaited,
            graph.Layers[a].TurnsAwaited));
    }

    private static void FillInput(Net net)
    {
        Span<float> x = net.Blob("x").MutableData;
        for (int i = 0; i < x.Length; i++)
            x[i] = MathF.Sin(i + 1);
        Span<float> labels = net.Blob("t").MutableData;
        for (int i = 0; i < labels.Length; i++)
            labels[i] = i % 3;
    }

    private static float[] RunForward(Net net, NetGraph graph, System.Random draw)
    {
        var losses = new float[net.Layers.Count];
        int[] missing = [.. net.Layers.Select(layer => layer.Bottom.Length)];
        List<int> ready = [.. graph.ForwardSources];
        int ran = 0, sinks = 0;
        while (ready.Count > 0)
        {
            int rank = TakeAny(ready, draw);
            losses[rank] = net.ForwardLayer(rank);
            ran++;
            IEnumerable<LayerLink> readers = graph.Layers[rank].ReadBy.OfType<LayerLink>();
            sinks += readers.Any() ? 0 : 1;
            foreach (LayerLink reader in readers)
            {
                if (--missing[reader.Rank] == 0)
                    ready.Add(reader.Rank);
            }
        }

        Assert.Equal((net.Layers.Count, graph.ForwardSinks), (ran, sinks));
        return losses;
    }

    private static void RunBackward(Net net, NetGraph graph, System.Random draw)
    {
        int[] missing = [.. graph.Layers.Select(node => node.DiffsAwaited + node.TurnsAwaited)];
        List<int> ready = [.. graph.BackwardSources.Where(rank => missing[rank] == 0)];
        int ran = 0, sinks = 0;
        while (ready.Count > 0)
        {
            int rank = TakeAny(ready, draw);
            net.BackwardLayer(rank);
            ran++;
            NetGraph.INode node = graph.Layers[rank];
            sinks += node.SendsDiffsTo.Count == 0 ? 1 : 0;
            foreach (int waiting in node.SendsDiffsTo.Concat(node.PassesTurnTo))
            {
                if (--missing[waiting] == 0)
                    ready.Add(waiting);
            }
        }

        Assert.Equal((net.Layers.Count(layer => layer.NeedBackward), graph.BackwardSinks), (ran, sinks));
    }

    private static int TakeAny(List<int> ready, System.Random draw)
    {
        int index = draw.Next(ready.Count);
        int rank = ready[index];
        ready.RemoveAt(index);
        return rank;
    }

    // A net of blobs 4x3, with several readers, shared and frozen weights, blocked gradients and up to three losses.
    private static string NetOf((int Kind, int First, int Second)[] plan)
    {
        var text = new StringBuilder("state { phase: TRAIN } ").Append(Input);
        List<string> blobs = ["x"];
        for (int i = 0; i < plan.Length; i++)
        {
            string name = $"l{i}", first = blobs[plan[i].First % blobs.Count],
                second = blobs[plan[i].Second % blobs.Count];
            text.Append('\n').Append(plan[i].Kind switch
            {
                0 => Ip(name, first, "", 3),
                1 => Ip(name, first, "param { name: \"w\" }", 3),
                2 => Ip(name, first, "param { name: \"w\" } param { name: \"b\" }", 3),
                3 => Ip(name, first, "param { lr_mult: 0 } param { lr_mult: 0 }", 3),
                4 => Ip(name, first, "propagate_down: false", 3),
                5 => Ip(name, first, "", 3)
                    + $" layer {{ name: \"{name}r\" type: \"ReLU\" bottom: \"{name}\" top: \"{name}\" }}",
                6 => $"layer {{ name: \"{name}\" type: \"TanH\" bottom: \"{first}\" top: \"{name}\" }}",
                7 => $"layer {{ name: \"{name}\" type: \"Eltwise\" bottom: \"{first}\" bottom: \"{second}\" "
                    + $"top: \"{name}\" }}",
                _ => $"layer {{ name: \"{name}\" type: \"Eltwise\" bottom: \"{first}\" bottom: \"{second}\" "
                    + $"top: \"{name}\" eltwise_param {{ operation: PROD }} }}",
            });
            blobs.Add(name);
        }

        string[] judged = [blobs[^1], blobs[plan[0].Second % blobs.Count], blobs[plan[^1].First % blobs.Count]];
        foreach ((string blob, int i) in judged.Distinct().Select((blob, i) => (blob, i)))
            text.Append('\n').Append(Loss(blob, $"loss_weight: {i + 1}", $"loss{i}"));
        return text.ToString();
    }
}
