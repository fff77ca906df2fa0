using CaffeActors.Api.Images;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api.Tests.Images;

public sealed class InputTransformerTests
{
    private static InputTransformer Caffe()
    {
        var transformer = new InputTransformer(1, 3, 2, 2);
        transformer.SetTranspose(2, 0, 1);
        transformer.SetChannelSwap(2, 1, 0);
        transformer.SetRawScale(255);
        transformer.SetMean(new NdArray([104, 117, 123], 3));
        transformer.SetInputScale(0.5f);
        return transformer;
    }

    [Fact]
    public void Steps_AreDoneInPycaffesOrder()
    {
        NdArray image = ApiFixture.Wave(2, 2, 3);
        NdArray input = Caffe().Preprocess(image);
        Assert.Equal([3, 2, 2], input.Shape.ToArray());
        float[] mean = [104, 117, 123];
        for (int c = 0; c < 3; c++)
        {
            for (int y = 0; y < 2; y++)
            {
                for (int x = 0; x < 2; x++)
                    Assert.Equal(((image[y, x, 2 - c] * 255) - mean[c]) * 0.5f, input[c, y, x], 1e-4f);
            }
        }
    }

    [Fact]
    public void Deprocess_UndoesThem()
    {
        NdArray image = ApiFixture.Wave(2, 2, 3);
        NdArray back = Caffe().Deprocess(Caffe().Preprocess(image));
        for (int i = 0; i < image.Count; i++)
            Assert.Equal(image.Values[i], back.Values[i], 1e-5f);
    }

    [Fact]
    public void Image_IsResizedFirst()
    {
        var transformer = new InputTransformer(1, 3, 2, 2);
        transformer.SetTranspose(2, 0, 1);
        Assert.Equal([3, 2, 2], transformer.Preprocess(ApiFixture.Wave(5, 7, 3)).Shape.ToArray());
    }

    [Fact]
    public void NothingSet_ChangesNothingAndNotTheImage()
    {
        var transformer = new InputTransformer(1, 3, 2, 2);
        NdArray image = ApiFixture.Wave(2, 2, 3);
        NdArray input = transformer.Preprocess(image);
        Assert.NotSame(image.Values, input.Values);
        Assert.Equal(image.Values, input.Values);
    }

    [Fact]
    public void Mean_MayBeAnImage()
    {
        var transformer = new InputTransformer(1, 1, 2, 2);
        transformer.SetTranspose(2, 0, 1);
        transformer.SetMean(new NdArray([1, 2, 3, 4], 1, 2, 2));
        Assert.Equal([-1, -2, -3, -4], transformer.Preprocess(NdArray.Zeros(2, 2, 1)).Values);
        transformer.SetMean(new NdArray([5], 1));
        Assert.Equal([-5, -5, -5, -5], transformer.Preprocess(NdArray.Zeros(2, 2, 1)).Values);
    }

    [Fact]
    public void Faults_AreTold()
    {
        var transformer = new InputTransformer(1, 3, 2, 2);
        Assert.Throws<CaffeException>(() => transformer.SetTranspose(0, 1));
        Assert.Throws<CaffeException>(() => transformer.SetChannelSwap(0, 1, 1));
        Assert.Throws<CaffeException>(() => transformer.SetMean(ApiFixture.Wave(2)));
        Assert.Throws<CaffeException>(() => transformer.SetMean(ApiFixture.Wave(3, 2, 3)));
        Assert.Throws<CaffeException>(() => new InputTransformer(1, 3));
        Assert.Throws<CaffeException>(() => transformer.Preprocess(ApiFixture.Wave(2, 2)));
    }
}
