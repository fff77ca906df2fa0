using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Layers.Recurrent;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Recurrent;

/// <summary>What RNN and LSTM have in common.</summary>
public sealed class RecurrentLayerTests
{
    public static TheoryData<string, int, int, int, int, int, bool> Shapes()
    {
        var shapes = new TheoryData<string, int, int, int, int, int, bool>();
        foreach (string type in (string[])["RNN", "LSTM"])
        {
            shapes.Add(type, 1, 1, 1, 1, 0, false);
            shapes.Add(type, 5, 3, 6, 4, 0, false);
            shapes.Add(type, 4, 2, 3, 21, 0, true);
            shapes.Add(type, 6, 5, 4, 3, 7, false);
            shapes.Add(type, 3, 40, 2, 17, 2, true);
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_IsTheRecurrence(
        string type, int steps, int items, int inputs, int outputs, int statics, bool expose)
    {
        using LayerHarness harness = RecurrentCase.Harness(type, steps, items, inputs, outputs, statics, expose);
        Assert.Equal([steps, items, outputs], harness.Top[0].Shape.ToArray());
        int states = RecurrentCase.States(type), offset = harness.Bottom.Length - states;
        double[][] before = [.. Enumerable.Range(0, items).Select(n => First(harness, n))];
        // Without exposed states the second pass begins where the first one ended.
        for (int pass = 0; pass < 2; pass++)
        {
            harness.Forward();
            for (int n = 0; n < items; n++)
            {
                (double[] output, double[] last) = RecurrentCase.Expected(harness, n, before[n]);
                for (int i = 0; i < output.Length; i++)
                {
                    int at = ((((i / outputs) * items) + n) * outputs) + (i % outputs);
                    Assert.Equal(output[i], harness.Top[0].Data[at], 1e-5);
                }

                for (int i = 0; i < last.Length && expose; i++)
                    Assert.Equal(last[i], harness.Top[1 + (i / outputs)].Data[(n * outputs) + (i % outputs)], 1e-5);
                before[n] = expose ? First(harness, n) : last;
            }
        }

        double[] First(LayerHarness layer, int item) => expose
            ? [.. layer.Bottom[offset..].SelectMany(
                blob => blob.Data.Slice(item * outputs, outputs).ToArray().Select(value => (double)value))]
            : new double[states * outputs];
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Backward_AgreesWithDifferences(
        string type, int steps, int items, int inputs, int outputs, int statics, bool expose)
    {
        if (items * outputs > 100)
            return;
        using LayerHarness harness = RecurrentCase.Harness(type, steps, items, inputs, outputs, statics, expose);
        // A state to begin with: the passes of the check all begin with it.
        harness.Forward();
        new GradientChecker { Tops = 1, Threshold = 2e-3f }.Check(harness, statics > 0 ? [0, 2] : [0]);
    }

    [Theory]
    [InlineData("RNN")]
    [InlineData("LSTM")]
    public void Backward_AddsToParameters_AndComputesWhatNobodyWants(string type)
    {
        using LayerHarness harness = RecurrentCase.Harness(type, 4, 3, 5, 4, statics: 2, expose: true);
        harness.Forward();
        foreach (Blob top in harness.Top)
            LayerHarness.FillRandom(top.MutableDiff, 20);
        bool[] some = [.. harness.Bottom.Select((_, i) => i != 1)];
        harness.Backward(some);
        float[][] once = [.. harness.Layer.Blobs.Select(blob => blob.Diff.ToArray())];
        float[][] bottoms = [.. harness.Bottom.Select(blob => blob.Diff.ToArray())];
        foreach (Blob blob in harness.Bottom)
            blob.MutableDiff.Fill(7);
        Array.Clear(harness.Layer.ParamPropagateDown);
        // The last states' own gradients count for nothing.
        foreach (Blob top in harness.Top[1..])
            top.MutableDiff.Fill(float.NaN);
        harness.Backward(new bool[harness.Bottom.Length]);
        for (int i = 0; i < once.Length; i++)
        {
            Assert.Contains(once[i], value => value != 0);
            for (int j = 0; j < once[i].Length; j++)
                Assert.Equal(2 * once[i][j], harness.Layer.Blobs[i].Diff[j], 1e-5);
        }

        Assert.Equal(bottoms[0], harness.Bottom[0].Diff.ToArray());
        Assert.Equal(bottoms[2], harness.Bottom[2].Diff.ToArray());
        foreach (int untouched in (int[])[1, .. Enumerable.Range(3, RecurrentCase.States(type))])
            Assert.All(harness.Bottom[untouched].Diff.ToArray(), value => Assert.Equal(7, value));
        Fails(ErrorCodes.BadNet, "no gradient", () => harness.Backward());
        Assert.Equal([true, false, true, true, true],
            Enumerable.Range(0, 5).Select(harness.Layer.AllowForceBackward));
    }

    [Theory]
    [InlineData("RNN")]
    [InlineData("LSTM")]
    public void State_IsCarriedAndCanBeForgotten(string type)
    {
        float[] goesOn = [1, 1, 1, 1, 1, 1];
        using LayerHarness harness = RecurrentCase.Harness(type, 3, 2, 4, 5, marks: goesOn);
        harness.Forward();
        float[] first = harness.Top[0].Data.ToArray();
        harness.Forward();
        Assert.NotEqual(first, harness.Top[0].Data.ToArray());
        ((RecurrentLayer)harness.Layer).Reset();
        harness.Forward();
        Assert.Equal(first, harness.Top[0].Data.ToArray());

        // A sequence that begins at once sees nothing of what was before it, whatever that is.
        foreach (Blob state in harness.Layer.CarriedState.Values)
            state.MutableData.Fill(float.NaN);
        harness.Bottom[1].MutableData[..2].Clear();
        harness.Forward();
        Assert.Equal(first, harness.Top[0].Data.ToArray());
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward(true, false);
        Assert.All(harness.Layer.Blobs, blob => Assert.All(blob.Diff.ToArray(), v => Assert.True(float.IsFinite(v))));
    }

    [Theory]
    [InlineData("RNN")]
    [InlineData("LSTM")]
    public void NumberOfSequences_MayChange(string type)
    {
        using LayerHarness harness = RecurrentCase.Harness(type, 3, 4, 2, 5);
        harness.Forward();
        float[] state = harness.Layer.CarriedState["h"].Data.ToArray();
        harness.Bottom[0].Reshape(3, 2, 2);
        harness.Bottom[1].Reshape(3, 2);
        harness.Layer.Reshape(harness.Bottom, harness.Top);
        Assert.Equal([3, 2, 5], harness.Top[0].Shape.ToArray());
        Assert.Equal(state[..10], harness.Layer.CarriedState["h"].Data.ToArray());
        // Past what there was room for the states begin with zeros again.
        harness.Bottom[0].Reshape(3, 9, 2);
        harness.Bottom[1].Reshape(3, 9);
        harness.Layer.Reshape(harness.Bottom, harness.Top);
        Assert.All(harness.Layer.CarriedState["h"].Data.ToArray(), value => Assert.Equal(0, value));
        harness.Forward();
        Assert.Equal([3, 9, 5], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(4, 9, 2);
        Fails(ErrorCodes.ShapeMismatch, "3 steps", () => harness.Forward());
    }

    [Theory]
    [InlineData("RNN")]
    [InlineData("LSTM")]
    public void AnyNumberOfThreads_GivesTheSameBits(string type)
    {
        float[][] results = [.. ((int[])[1, 3]).Select(threads =>
        {
            using LayerHarness harness = RecurrentCase.Harness(type, 4, 70, 30, 65, statics: 9, threads: threads);
            harness.Forward();
            LayerHarness.FillRandom(harness.Top[0].MutableDiff, 20);
            harness.Backward(true, false, true);
            return (float[])[.. harness.Top[0].Data, .. harness.Bottom[0].Diff, .. harness.Bottom[2].Diff,
                .. harness.Layer.Blobs.SelectMany(blob => blob.Diff.ToArray())];
        })];
        Assert.Equal(results[0], results[1]);
    }

    [Theory]
    [InlineData("RNN")]
    [InlineData("LSTM")]
    public void SteadyPass_AllocatesNothing(string type)
    {
        using LayerHarness harness = RecurrentCase.Harness(type, 4, 3, 6, 20, statics: 5, threads: 1);
        SteadyState.AllocatesNothing(harness, [true, false, true]);
    }

    [Fact]
    public void Blobs_AreFilledWholeAndInOrder()
    {
        LayerParameter parameter = RecurrentCase.Parameter("LSTM", 8);
        parameter.RecurrentParam.WeightFiller = new FillerParameter { Type = "xavier" };
        parameter.RecurrentParam.BiasFiller = new FillerParameter { Type = "constant", Value = 0.5f };
        Blob[] bottom = [new Blob(2, 3, 5, 10), new Blob(2, 3), new Blob(3, 12)];
        using var lstm = new LayerHarness(parameter, bottom);
        Assert.Equal(["32 50 (1600)", "32 (32)", "32 12 (384)", "32 8 (256)"],
            lstm.Layer.Blobs.Select(blob => blob.ShapeString));
        foreach (int weights in (int[])[0, 2, 3])
        {
            // Fan-in is the length of a row of the whole matrix.
            float bound = MathF.Sqrt(3f / lstm.Layer.Blobs[weights].Dim(1));
            float largest = lstm.Layer.Blobs[weights].Data.ToArray().Max(MathF.Abs);
            Assert.InRange(largest, 0.95f * bound, bound);
        }

        Assert.All(lstm.Layer.Blobs[1].Data.ToArray(), value => Assert.Equal(0.5f, value));
        parameter.Type = "RNN";
        using var rnn = new LayerHarness(parameter, [new Blob(2, 3, 5), new Blob(2, 3)]);
        Assert.Equal(["8 5 (40)", "8 (8)", "8 8 (64)", "8 8 (64)", "8 (8)"],
            rnn.Layer.Blobs.Select(blob => blob.ShapeString));
        Assert.All(rnn.Layer.Blobs[4].Data.ToArray(), value => Assert.Equal(0.5f, value));
        Assert.Equal(2 * 6 * ((8 * 13) + 64), rnn.Layer.ForwardFlops(rnn.Bottom, rnn.Top));
    }

    [Fact]
    public void DebugInfo_TellsTheStatesOfEachStep()
    {
        List<string> lines = [];
        using var device = new CpuDevice(1);
        var context = new LayerContext(device, seed: 1) { Notice = lines.Add };
        NetParameter text = TextFormat.Parse<NetParameter>("""
            layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 1 dim: 3 } } }
            layer { name: "on" type: "Input" top: "on" input_param { shape { dim: 2 dim: 1 } } }
            layer { name: "l" type: "LSTM" bottom: "x" bottom: "on" top: "y"
              recurrent_param { num_output: 2 debug_info: true bias_filler { value: 1 } } }
            """);
        using Net net = NetBuilder.Build(text, new NetOptions(context, LayerCatalog.Compute));
        lines.Clear();
        net.Forward();
        Assert.Equal(4, lines.Count);
        Assert.Equal("    [Forward] Layer l, step 0, state h data: 0.369606", lines[0]);
        Assert.StartsWith("    [Forward] Layer l, step 1, state c data: ", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNotFit_IsTold()
    {
        Blob x = new(3, 2, 4), on = new(3, 2), state = new(1, 2, 5);
        LayerParameter plain = RecurrentCase.Parameter("LSTM", 5), exposed = RecurrentCase.Parameter("LSTM", 5, true);
        Fails(ErrorCodes.BadLayerParameter, "num_output is 0", () => Make(RecurrentCase.Parameter("RNN", 0), x, on));
        Fails(ErrorCodes.BlobCount, "at least 2 bottom", () => Make(plain, x));
        Fails(ErrorCodes.BlobCount, "at most 3 bottom", () => Make(plain, x, on, new Blob(2, 1), new Blob(2, 1)));
        Fails(ErrorCodes.BlobCount, "at least 4 bottom", () => Make(exposed, x, on, state));
        Fails(ErrorCodes.BlobCount, "exactly 3 top", () => Make(exposed, x, on, state, new Blob(1, 2, 5)));
        Fails(ErrorCodes.ShapeMismatch, "bottom 0", () => Make(plain, new Blob(3), on));
        Fails(ErrorCodes.ShapeMismatch, "bottom 0", () => Make(plain, new Blob(3, 2, 0), on));
        Fails(ErrorCodes.ShapeMismatch, "bottom 1", () => Make(plain, x, new Blob(3, 1)));
        Fails(ErrorCodes.ShapeMismatch, "bottom 1", () => Make(plain, x, new Blob(3, 2, 1)));
        Fails(ErrorCodes.ShapeMismatch, "2 rows", () => Make(plain, x, on, new Blob(3, 7)));
        Fails(ErrorCodes.ShapeMismatch, "1 2 5 (10)",
            () => new LayerHarness(exposed, [x, on, state, new Blob(1, 2, 6)], tops: 3));
        Fails(ErrorCodes.BadConnection, "in place", () => new LayerHarness(plain, [x, on], inPlace: true));

        static void Make(LayerParameter parameter, params Blob[] bottom) => new LayerHarness(parameter, bottom);
    }

    private static void Fails(string code, string text, Action action)
    {
        CaffeException failure = Assert.Throws<CaffeException>(action);
        Assert.Equal(code, failure.Code);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }
}
