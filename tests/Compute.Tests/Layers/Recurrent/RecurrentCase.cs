using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Recurrent;

/// <summary>Recurrent layers of the tests, with weights of fixed sequences, and what they should compute.</summary>
internal static class RecurrentCase
{
    public static LayerParameter Parameter(string type, uint outputs, bool expose = false) => new()
    {
        Type = type,
        RecurrentParam = new RecurrentParameter { NumOutput = outputs, ExposeHidden = expose },
    };

    public static int States(string type) => type == "LSTM" ? 2 : 1;

    /// <summary>
    /// A layer ready to run: x (T, N, I), marks, a static input (N, S) where S is not 0, first states.
    /// </summary>
    public static LayerHarness Harness(
        string type, int steps, int items, int inputs, int outputs, int statics = 0, bool expose = false,
        float[]? marks = null, int threads = 2)
    {
        List<Blob> bottom = [LayerHarness.RandomBlob(1, [steps, items, inputs]), Marks(steps, items, marks)];
        if (statics > 0)
            bottom.Add(LayerHarness.RandomBlob(2, [items, statics]));
        for (int i = 0; expose && i < States(type); i++)
            bottom.Add(LayerHarness.RandomBlob(3 + i, [1, items, outputs]));
        var harness = new LayerHarness(Parameter(type, (uint)outputs, expose), [.. bottom],
            tops: expose ? 1 + States(type) : 1, threads: threads);
        for (int i = 0; i < harness.Layer.Blobs.Count; i++)
        {
            Blob blob = harness.Layer.Blobs[i];
            LayerHarness.FillRandom(blob.MutableData, 10 + i, -0.4f, 0.4f);
        }

        return harness;
    }

    /// <summary>Marks as given, else: sequence n begins anew at step n + 1 and every fourth from there on.</summary>
    public static Blob Marks(int steps, int items, float[]? marks = null)
    {
        var blob = new Blob(steps, items);
        for (int t = 0; t < steps; t++)
        {
            for (int n = 0; n < items; n++)
                blob.MutableData[(t * items) + n] = marks?[(t * items) + n] ?? (t % 4 == (n + 1) % 4 ? 0 : 1);
        }

        return blob;
    }

    /// <summary>
    /// The tops of one sequence, in double precision: the outputs of its steps and its last states.
    /// </summary>
    /// <param name="harness">The layer with its inputs.</param>
    /// <param name="item">Which sequence.</param>
    /// <param name="first">Its first states, one after the other.</param>
    public static (double[] Output, double[] Last) Expected(LayerHarness harness, int item, double[] first)
    {
        Blob x = harness.Bottom[0], marks = harness.Bottom[1];
        int steps = x.Dim(0), items = x.Dim(1), width = harness.Top[0].Dim(2);
        bool isLstm = harness.Layer.Type == "LSTM";
        int units = isLstm ? 4 * width : width, own = isLstm ? 0 : 2;
        IReadOnlyList<Blob> blobs = harness.Layer.Blobs;
        bool hasStatic = blobs.Count - own == 4;
        Blob hiddenWeights = blobs[hasStatic ? 3 : 2];
        double[] h = first[..width], c = isLstm ? first[width..] : [];
        List<double> output = [];
        for (int t = 0; t < steps; t++)
        {
            int row = (t * items) + item;
            double mark = marks.Data[row];
            double[] kept = [.. h.Select(value => mark * value)];
            var seen = new double[units];
            for (int u = 0; u < units; u++)
            {
                seen[u] = blobs[1].Data[u] + Product(blobs[0], u, Row(x, row)) + Product(hiddenWeights, u, kept)
                    + (hasStatic ? Product(blobs[2], u, Row(harness.Bottom[2], item)) : 0);
            }

            if (!isLstm)
            {
                h = [.. seen.Select(Math.Tanh)];
                for (int u = 0; u < width; u++)
                    output.Add(Math.Tanh(blobs[^1].Data[u] + Product(blobs[^2], u, h)));
                continue;
            }

            for (int d = 0; d < width; d++)
            {
                c[d] = (mark * Sigmoid(seen[width + d]) * c[d]) + (Sigmoid(seen[d]) * Math.Tanh(seen[(3 * width) + d]));
                h[d] = Sigmoid(seen[(2 * width) + d]) * Math.Tanh(c[d]);
            }

            output.AddRange(h);
        }

        return ([.. output], [.. h, .. c]);
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Row(Blob blob, int row)
    {
        int length = blob.Count / blob.CountRange(0, blob.AxisCount - 1);
        return [.. blob.Data.Slice(row * length, length).ToArray().Select(value => (double)value)];
    }

    private static double Product(Blob weights, int row, double[] values)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
            sum += weights.Data[(row * values.Length) + i] * values[i];
        return sum;
    }
}
