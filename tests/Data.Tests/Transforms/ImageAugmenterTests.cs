using CaffeActors.Data.Images;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Tests.Transforms;

public sealed unsafe class ImageAugmenterTests
{
    [Fact]
    public void Draws_AreSpreadEvenlyOverTheirRange()
    {
        // Of one value, contrast has no effect, and brightness shows itself.
        double[] factors = Factors(new Augmentation(Brightness: 0.5, Contrast: 1));
        Assert.InRange(factors.Min(), 0.5, 0.52);
        Assert.InRange(factors.Max(), 1.48, 1.5);
        Assert.InRange(factors.Average(), 0.98, 1.02);
        double variance = factors.Average(factor => (factor - 1) * (factor - 1));
        Assert.InRange(variance, 0.9 / 12, 1.1 / 12);
    }

    [Fact]
    public void Changes_FollowFromSeedAndRecord()
    {
        var all = new Augmentation(Brightness: 0.5);
        Assert.Equal(Factors(all), Factors(all));
        Assert.NotEqual(Factors(all), Factors(all, seed: 8));
        // A change does not shift the draws of the others.
        Assert.Equal(Factors(all), Factors(all with { Rotate = 30, ScaleLow = 0.5, ScaleHigh = 2, Contrast = 1 }));
    }

    private static double[] Factors(Augmentation settings, ulong seed = 7)
    {
        var augmenter = new ImageAugmenter(settings, seed, 3);
        byte* values = stackalloc byte[9];
        new Span<byte>(values, 9).Fill(100);
        var image = new PlanarPixels(values, 1, 3, 3);
        double[] factors = new double[4000];
        for (int record = 0; record < factors.Length; record++)
            factors[record] = augmenter.Augment(image, record).Data[4] / 100.0;
        return factors;
    }
}
