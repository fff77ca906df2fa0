using CaffeActors.Api.Images;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api.Tests;

public sealed class ClassifierTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public void Dispose() => _files.Dispose();

    private Classifier Open(int size = 8) => new(_files.Deploy(), _files.Weights(), new ClassifierOptions
    {
        ImageHeight = size,
        ImageWidth = size,
        Mean = new NdArray([0.1f, 0.2f, 0.3f], 3),
        RawScale = 2,
        ChannelSwap = [2, 1, 0],
    });

    private static float[] Scores(Classifier classifier, NdArray crop)
    {
        NdArray input = classifier.Transformer.Preprocess(crop);
        return classifier.Net.ForwardAll(("data", input.Reshape([1, .. input.Shape])))["prob"].Values;
    }

    [Fact]
    public void Predict_AveragesTenWindows()
    {
        using Classifier classifier = Open();
        NdArray[] images = [ApiFixture.Wave(8, 8, 3), ApiFixture.Wave(11, 9, 3)];
        IReadOnlyList<float[]> scores = classifier.Predict(images);
        Assert.Equal(2, scores.Count);
        for (int i = 0; i < 2; i++)
        {
            float[][] each = [.. ImageArrays.Oversample([ImageArrays.Resize(images[i], 8, 8)], 6, 6)
                .Select(crop => Scores(classifier, crop))];
            for (int k = 0; k < 5; k++)
                Assert.Equal(each.Average(score => score[k]), scores[i][k], 1e-6f);
        }
    }

    [Fact]
    public void Predict_WithoutOversamplingTakesTheMiddle()
    {
        using Classifier classifier = Open();
        NdArray image = ApiFixture.Wave(8, 8, 3);
        float[] scores = classifier.Predict([image], oversample: false).Single();
        Assert.Equal(Scores(classifier, ImageArrays.CenterCrop(image, 6, 6)), scores);
        Assert.Empty(classifier.Predict([]));
    }

    [Fact]
    public void Top_SortsScores()
    {
        Assert.Equal([(2, 0.5f), (0, 0.2f), (3, 0.2f)], Classifier.Top([0.2f, 0.1f, 0.5f, 0.2f], 3));
        Assert.Equal(2, Classifier.Top([1, 2]).Count);
    }

    [Fact]
    public void Net_NeedsAnInputForImages()
    {
        string net = _files.Write("flat.prototxt",
            "layer { name: \"d\" type: \"Input\" top: \"d\" input_param { shape { dim: 1 dim: 3 } } }");
        _files.Deploy();
        Assert.Equal(ErrorCodes.BadNet,
            Assert.Throws<CaffeException>(() => new Classifier(net, _files.Weights())).Code);
    }

    [Fact]
    public void Detector_ScoresWindows()
    {
        using var detector = new Detector(_files.Deploy(), _files.Weights());
        using Classifier classifier = new(_files.At("deploy.prototxt"), _files.At("weights.caffemodel"));
        NdArray image = ApiFixture.Wave(20, 30, 3);
        float[] scores = detector.DetectWindows(image, [new DetectionWindow(2, 3, 8, 9), new(0, 0, 20, 30)])[0];
        Assert.Equal(classifier.Predict([ImageArrays.Crop(image, 2, 3, 6, 6)], oversample: false)[0], scores);
        Assert.Empty(detector.DetectWindows(image, []));
        Assert.Throws<CaffeException>(() => detector.DetectWindows(image, [new DetectionWindow(0, 0, 21, 30)]));
    }

    [Fact]
    public void Detector_ShowsSurroundingsAndTheMeanOutside()
    {
        var options = new ClassifierOptions { Mean = new NdArray([8, 8, 8], 3), RawScale = 2 };
        using var detector = new Detector(_files.Deploy(), _files.Weights(), options, contextPad: 1);
        NdArray image = NdArray.Zeros(20, 20, 3).Map(_ => 1);
        NdArray inside = detector.Crop(image, new DetectionWindow(6, 6, 13, 13));
        Assert.Equal([6, 6, 3], inside.Shape.ToArray());
        Assert.All(inside.Values, value => Assert.Equal(1, value));
        NdArray corner = detector.Crop(image, new DetectionWindow(0, 0, 7, 7));
        Assert.Equal(4, corner[0, 0, 0]);
        Assert.Equal(1, corner[5, 5, 2]);
        Assert.Throws<CaffeException>(
            () => new Detector(_files.At("deploy.prototxt"), _files.At("weights.caffemodel"), null, 3));
    }
}
