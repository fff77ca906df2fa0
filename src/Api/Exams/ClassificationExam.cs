using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;

namespace CaffeActors.Api.Exams;

/// <summary>What a classifier takes its test images for: which classes it mixes up, and the mistakes it was surest
/// of.</summary>
/// <param name="Confusion">How often each class was taken for each.</param>
/// <param name="Mistakes">The mistakes it was surest of, the surest first.</param>
public sealed record ClassificationExam(ConfusionMatrix Confusion, IReadOnlyList<WrongExample> Mistakes)
{
    /// <summary>Runs a net over its own data.</summary>
    /// <param name="net">A net that reads images and labels, and scores an image for each class: with a layer of type
    /// Accuracy or SoftmaxWithLoss.</param>
    /// <param name="batches">Batches to look at, at least 1.</param>
    /// <param name="mistakes">Mistakes to keep at most.</param>
    /// <returns>Null where the net is none of that kind: no such layer, or one label for each of several positions of an
    /// image.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">Data cannot be read.</exception>
    public static ClassificationExam? Run(CaffeNet net, int batches, int mistakes)
    {
        NetLayer? judge = net.Layers.FirstOrDefault(layer => layer.Layer.Parameter.Type == "Accuracy")
            ?? net.Layers.FirstOrDefault(layer => layer.Layer.Parameter.Type == "SoftmaxWithLoss");
        if (judge is null || judge.Bottom.Length < 2)
            return null;
        Blob scores = judge.Bottom[0], labels = judge.Bottom[1];
        ConfusionMatrix? confusion = null;
        var worst = new PriorityQueue<WrongExample, double>();
        for (int batch = 0; batch < batches; batch++)
        {
            net.Forward();
            if (scores.AxisCount < 2 || scores.Count != scores.Dim(0) * scores.Dim(1)
                || labels.Count != scores.Dim(0))
            {
                return null;
            }

            int classes = scores.Dim(1);
            confusion ??= new ConfusionMatrix(classes);
            for (int item = 0; item < labels.Count; item++)
            {
                ReadOnlySpan<float> row = scores.Data.Slice(item * classes, classes);
                int label = (int)labels.Data[item], guess = Largest(row);
                if (label < 0 || label >= classes)
                    continue;
                confusion.Add(label, guess);
                if (label == guess)
                    continue;
                double chance = ChanceOf(row, guess);
                Keep(worst, mistakes, chance, () => new WrongExample(
                    RecordOf(net, item), label, guess, chance, ImageOf(net, item)));
            }
        }

        return confusion is null ? null : new(confusion, Falling(worst));
    }

    private static int Largest(ReadOnlySpan<float> scores)
    {
        int largest = 0;
        for (int i = 1; i < scores.Length; i++)
        {
            if (scores[i] > scores[largest])
                largest = i;
        }

        return largest;
    }

    // The scores may be chances already, where a Softmax comes before the layer that judges.
    private static double ChanceOf(ReadOnlySpan<float> scores, int which)
    {
        double sum = 0, exponentials = 0;
        bool negative = false;
        foreach (float score in scores)
        {
            sum += score;
            negative |= score < 0;
            exponentials += Math.Exp(score - scores[which]);
        }

        return !negative && Math.Abs(sum - 1) < 1e-3 ? scores[which] : 1 / exponentials;
    }

    // The queue's first is the one it was least sure of.
    private static void Keep(
        PriorityQueue<WrongExample, double> worst, int most, double score, Func<WrongExample> make)
    {
        if (worst.Count == most && (most == 0 || !worst.TryPeek(out _, out double least) || score <= least))
            return;
        if (worst.Count == most)
            worst.Dequeue();
        worst.Enqueue(make(), score);
    }

    private static WrongExample[] Falling(PriorityQueue<WrongExample, double> worst)
    {
        var examples = new WrongExample[worst.Count];
        for (int i = examples.Length - 1; i >= 0; i--)
            examples[i] = worst.Dequeue();
        return examples;
    }

    private static string RecordOf(CaffeNet net, int item) =>
        DataOf(net)?.Layer is BatchLayer layer && layer.RecordNames(item + 1) is var names && names.Count > item
            ? names[item] : "";

    private static byte[] ImageOf(CaffeNet net, int item)
    {
        if (DataOf(net)?.Top[0] is not { AxisCount: 4 } images || images.Dim(1) is not (1 or 3))
            return [];
        int size = images.CountFrom(1);
        return FloatImage.Of(
            images.Data.Slice(item * size, size), images.Dim(1), images.Dim(2), images.Dim(3));
    }

    private static NetLayer? DataOf(CaffeNet net) =>
        net.Layers.FirstOrDefault(layer => layer.Layer is BatchLayer && layer.Top.Length > 0);
}
