using CaffeActors.Compute.Solvers;
using CsCheck;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class SmoothedLossTests
{
    [Fact]
    public void Add_AveragesTheWindow()
    {
        var smoothed = new SmoothedLoss(3);
        Assert.Equal(0, smoothed.Value);
        float[] averages = [.. ((float[])[6, 0, 3, 9, 9, 0]).Select(smoothed.Add)];
        Assert.Equal([6, 3, 3, 4, 7, 6], averages);
    }

    [Fact]
    public void Add_WithAWindowOfOneGivesTheLoss()
    {
        var smoothed = new SmoothedLoss(1);
        Assert.Equal([5, 7, -1], ((float[])[5, 7, -1]).Select(smoothed.Add));
    }

    [Fact]
    public void Add_IsTheMeanOfTheLastLosses() =>
        Gen.Select(Gen.Int[1, 8], Gen.Float[-10, 10].Array[1, 40]).Sample((window, losses) =>
        {
            var smoothed = new SmoothedLoss(window);
            foreach (float loss in losses)
                smoothed.Add(loss);
            Assert.Equal(losses.TakeLast(window).Average(), smoothed.Value, 1e-4f);
        });

    [Fact]
    public void Clear_BeginsAnew()
    {
        var smoothed = new SmoothedLoss(2);
        foreach (float loss in (float[])[1, 2, 3])
            smoothed.Add(loss);
        smoothed.Clear();
        Assert.Equal(0, smoothed.Value);
        Assert.Equal(8, smoothed.Add(8));
    }

    [Fact]
    public void Restore_GoesOnWithTheSameBits() =>
        Gen.Select(Gen.Int[1, 6], Gen.Float[-10, 10].Array[0, 20], Gen.Float[-10, 10].Array[1, 20]).Sample(
            (window, before, after) =>
            {
                var whole = new SmoothedLoss(window);
                foreach (float loss in before)
                    whole.Add(loss);
                var resumed = new SmoothedLoss(window);
                resumed.Add(123);
                resumed.Restore(whole.State);
                foreach (float loss in after)
                    Assert.Equal(whole.Add(loss), resumed.Add(loss));
            });

    [Fact]
    public void Restore_OfALargerWindowKeepsTheLatest()
    {
        var large = new SmoothedLoss(4);
        foreach (float loss in (float[])[1, 2, 3, 4, 8])
            large.Add(loss);
        var small = new SmoothedLoss(2);
        small.Restore(large.State);
        Assert.Equal(6, small.Value);
    }

    [Fact]
    public void Window_OfNothingIsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SmoothedLoss(0));
}
