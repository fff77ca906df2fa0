using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Onnx;
using CaffeActors.Data.Onnx.Schema;
using CaffeActors.Data.PlugIns;
using CaffeActors.Testing;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace CaffeActors.Data.Tests.Onnx;

/// <summary>A net of random weights that is run by ourselves and, exported, by ONNX Runtime.</summary>
internal sealed class ExportedNet : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public ExportedNet(string prototxt)
        : this(TextFormat.Parse<NetParameter>(prototxt))
    {
    }

    public ExportedNet(NetParameter parameter)
    {
        parameter.State ??= new NetState { Phase = Phase.Test };
        // Each layer computes what is its own, so that every blob holds what its layer made.
        Net = NetBuilder.Build(parameter, new NetOptions(new LayerContext(_device, seed: 3), LayerPlugIns.BuiltIn)
        {
            Passes = NetPasses.None,
        });
        int seed = 1;
        foreach (string input in Net.InputNames)
            LayerHarness.FillRandom(Net.Blob(input).MutableData, seed++);
        foreach (Layer layer in Net.Layers.Select(layer => layer.Layer))
        {
            for (int i = 0; i < layer.Blobs.Count; i++)
                Randomize(layer, i, seed++);
        }
    }

    public Net Net { get; }

    public ModelProto Export(OnnxOptions? options = null) => OnnxFile.Build(Net, options ?? new OnnxOptions());

    /// <summary>Fills an input with random whole numbers, 0 to below a bound.</summary>
    public void FillWithIndices(string input, int bound, int seed = 77)
    {
        Span<float> values = Net.Blob(input).MutableData;
        LayerHarness.FillRandom(values, seed, 0, bound);
        for (int i = 0; i < values.Length; i++)
            values[i] = Math.Min(bound - 1, MathF.Floor(values[i]));
    }

    /// <summary>Runs an exported net by ONNX Runtime on the values that the net's inputs have, and the net itself, and
    /// compares all outputs.</summary>
    /// <returns>Names of the outputs.</returns>
    public IReadOnlyList<string> RunBoth(ModelProto model)
    {
        using SessionOptions settings = Options();
        using var session = new InferenceSession(model.ToByteArray(), settings);
        Net.Forward();
        using var options = new RunOptions();
        List<OrtValue> inputs = [];
        try
        {
            foreach (string name in session.InputNames)
            {
                Blob blob = Net.Blob(name);
                inputs.Add(OrtValue.CreateTensorValueFromMemory(
                    blob.Data.ToArray(), [.. blob.Shape.ToArray().Select(length => (long)length)]));
            }

            using IDisposableReadOnlyCollection<OrtValue> results =
                session.Run(options, session.InputNames, inputs, session.OutputNames);
            for (int i = 0; i < results.Count; i++)
                AssertEqual(session.OutputNames[i], results[i]);
            return session.OutputNames;
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }
    }

    public void Dispose()
    {
        Net.Dispose();
        _device.Dispose();
    }

    private static SessionOptions Options()
    {
        var options = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            IntraOpNumThreads = 2,
            InterOpNumThreads = 1,
        };
        // Weights are used once: another copy of them is not worth its time.
        options.AddSessionConfigEntry("session.disable_prepacking", "1");
        return options;
    }

    private void AssertEqual(string name, OrtValue result)
    {
        Blob blob = Net.Blob(name);
        Assert.Equal(blob.Shape.ToArray(), result.GetTensorTypeAndShape().Shape.Select(length => (int)length));
        ReadOnlySpan<float> ours = blob.Data, theirs = result.GetTensorDataAsSpan<float>();
        for (int i = 0; i < ours.Length; i++)
        {
            if (!(MathF.Abs(ours[i] - theirs[i]) <= 1e-4f * Math.Max(1, MathF.Abs(ours[i]))))
                Assert.Fail($"'{name}'[{i}] is {theirs[i]} in ONNX Runtime, and {ours[i]} here");
        }
    }

    // Sums of products stay about as large as their inputs; variances, and what is multiplied with, are positive.
    private static void Randomize(Layer layer, int blob, int seed)
    {
        Blob values = layer.Blobs[blob];
        if (layer.Type == "BatchNorm" && blob == 2)
            values.MutableData.Fill(2);
        else if (layer.Type is "BatchNorm" or "Scale" or "PReLU" && blob != 2 && values.AxisCount > 0)
            LayerHarness.FillRandom(values.MutableData, seed, 0.1f, 1);
        else if (values.AxisCount < 2)
            LayerHarness.FillRandom(values.MutableData, seed, -0.2f, 0.2f);
        else
            FillAsXavier(values, seed);
    }

    // Random numbers are slower to make than all else is to do: those of large blobs come again and again.
    private static void FillAsXavier(Blob values, int seed)
    {
        const int period = 65_521;
        float bound = MathF.Sqrt(3f * values.Dim(0) / values.Count);
        Span<float> all = values.MutableData;
        Span<float> first = all[..Math.Min(period, all.Length)];
        LayerHarness.FillRandom(first, seed, -bound, bound);
        for (int at = period; at < all.Length; at += period)
            first[..Math.Min(period, all.Length - at)].CopyTo(all[at..]);
    }
}
