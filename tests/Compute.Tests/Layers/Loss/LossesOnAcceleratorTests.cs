using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

/// <summary>Losses and accuracy give on an accelerator what they give on the CPU.</summary>
public sealed class LossesOnAcceleratorTests
{

    private static LayerParameter Parse(string text) => TextFormat.Parse<LayerParameter>(text);

    // Labels of all classes, one for each position of (N, classes, places).
    private static Blob Labels(int positions, int classes)
    {
        var labels = new Blob(positions);
        for (int i = 0; i < positions; i++)
            labels.MutableData[i] = i * 7 % classes;
        return labels;
    }

    // Scores with classes on axis 1, and their labels; weights of the classes if asked for.
    private static Blob[] Scores(int items, int classes, int places, bool weighted = false)
    {
        Blob labels = Labels(items * places, classes);
        labels.Reshape(items, places);
        Blob scores = LayerHarness.RandomBlob(1, [items, classes, places], -3, 3);
        return weighted ? [scores, labels, LayerHarness.RandomBlob(2, [classes], 0.5f, 2)] : [scores, labels];
    }

    [Theory]
    [InlineData("", 9, 13, 1, false, 1)]
    [InlineData("loss_param { ignore_label: 2 }", 5, 131, 1, true, 2)]
    [InlineData("loss_param { ignore_label: 2 normalization: FULL label_smoothing: 0.1 }", 3, 37, 3, true, 1)]
    [InlineData("loss_param { label_smoothing: 0.2 normalization: BATCH_SIZE }", 2, 7, 23, false, 2)]
    [InlineData("loss_param { ignore_label: 2 normalization: NONE } loss_weight: 0.3", 2, 5, 29, true, 1)]
    public void SoftmaxWithLoss_IsTheSame(
        string settings, int items, int classes, int places, bool weighted, int tops) =>
        new GpuComparison { Tops = tops, Propagate = weighted ? [true, false, false] : [true, false] }.Check(
            Parse($"type: 'SoftmaxWithLoss' {settings}"), () => Scores(items, classes, places, weighted));

    [Theory]
    [InlineData(StorageType.Float16, 1e-3f)]
    [InlineData(StorageType.BFloat16, 1e-2f)]
    public void SoftmaxWithLoss_IsTheSameOfShortNumbers(StorageType storage, float tolerance) =>
        new GpuComparison { Storage = storage, Tolerance = tolerance, Propagate = [true, false] }.Check(
            Parse("type: 'SoftmaxWithLoss'"), () => Scores(7, 19, 3));

    [Theory]
    [InlineData("", 20, 9, 1, 1)]
    [InlineData("accuracy_param { top_k: 5 ignore_label: 2 }", 6, 47, 3, 2)]
    [InlineData("accuracy_param { top_k: 2 }", 2, 5, 31, 2)]
    public void Accuracy_IsTheSame(string settings, int items, int classes, int places, int tops) =>
        new GpuComparison { Tops = tops, Backward = false, Tolerance = 0 }.Check(
            Parse($"type: 'Accuracy' {settings}"), () => Scores(items, classes, places));

    [Theory]
    [InlineData("EuclideanLoss", "", 2, true)]
    [InlineData("L1Loss", "loss_weight: 2", 2, true)]
    [InlineData("SmoothL1Loss", "", 2, true)]
    [InlineData("SmoothL1Loss", "", 3, true)]
    [InlineData("SigmoidCrossEntropyLoss", "", 2, false)]
    [InlineData("SigmoidCrossEntropyLoss", "loss_param { ignore_label: 2 normalization: VALID }", 2, false)]
    [InlineData("SigmoidCrossEntropyLoss", "loss_param { ignore_label: 1 normalization: FULL }", 2, false)]
    public void LossOfPairs_IsTheSame(string type, string settings, int bottoms, bool both) =>
        new GpuComparison { Propagate = [true, both, .. Enumerable.Repeat(false, bottoms - 2)] }.Check(
            Parse($"type: '{type}' {settings}"),
            () => [.. Enumerable.Range(0, bottoms).Select(i => LayerHarness.RandomBlob(3 + i, [5, 7, 3, 11], -3, 3))]);

    [Theory]
    [InlineData("")]
    [InlineData("hinge_loss_param { norm: L2 }")]
    public void HingeLoss_IsTheSame(string settings) => new GpuComparison { Propagate = [true, false] }.Check(
        Parse($"type: 'HingeLoss' {settings}"),
        () => [LayerHarness.RandomBlob(1, [19, 37], -2, 2), Labels(19, 37)]);

    [Fact]
    public void MultinomialLogisticLoss_IsTheSame() => new GpuComparison { Propagate = [true, false] }.Check(
        Parse("type: 'MultinomialLogisticLoss'"),
        () => [LayerHarness.RandomBlob(1, [19, 37], 0.01f, 1), Labels(19, 37)]);

    [Theory]
    [InlineData("")]
    [InlineData("contrastive_loss_param { margin: 4 legacy_version: true }")]
    [InlineData("contrastive_loss_param { margin: 6 }")]
    public void ContrastiveLoss_IsTheSame(string settings) =>
        new GpuComparison { Propagate = [true, true, false] }.Check(
            Parse($"type: 'ContrastiveLoss' {settings}"),
            () => [LayerHarness.RandomBlob(1, [11, 3, 13]), LayerHarness.RandomBlob(2, [11, 39]), Labels(11, 2)]);

    [Theory]
    [InlineData(1, 3, 131, 7, false)]
    [InlineData(1, 3, 5, 59, true)]
    [InlineData(2, 3, 5, 59, false)]
    public void Softmax_IsTheSame(int axis, int outer, int middle, int inner, bool inPlace) =>
        new GpuComparison { InPlace = inPlace }.Check(
            Parse($"type: 'Softmax' softmax_param {{ axis: {axis} }}"),
            () => [LayerHarness.RandomBlob(1, [outer, middle, inner], -4, 4)]);

    [Theory]
    [InlineData(2)]
    [InlineData(70)]
    public void LongSums_AllocateNothing(int places)
    {
        using var harness = new LayerHarness(
            Parse("type: 'SoftmaxWithLoss' loss_param { ignore_label: 2 label_smoothing: 0.1 }"),
            Scores(70, 90, places));
        SteadyState.AllocatesNothing(harness, [true, false]);
    }
}
