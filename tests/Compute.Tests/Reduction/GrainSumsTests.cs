using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Tests.Reduction;

public sealed class GrainSumsTests : IDisposable
{
    private const int Count = 37;

    private readonly CpuDevice _device = new(2);
    private readonly Blob _blob = new(Count);

    public void Dispose()
    {
        _blob.Dispose();
        _device.Dispose();
    }

    private static float Gradient(int pass, int i) => new RandomDraw(1, (ulong)pass, 0).Float((uint)i) - 0.5f;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(13)]
    public void Passes_AreAddedInTheOrderOfTheTree(int passes)
    {
        using var sums = new GrainSums([new LearnableParam(_blob, 1, 1, "w")], passes);
        // Twice: nothing of one iteration stays for the next.
        for (int iteration = 0; iteration < 2; iteration++)
        {
            _blob.MutableDiff.Clear();
            for (int pass = 0; pass < passes; pass++)
            {
                for (int i = 0; i < Count; i++)
                    _blob.MutableDiff[i] += Gradient(pass, i);
                sums.Fold(_device, 0, pass);
            }

            for (int i = 0; i < Count; i++)
            {
                float[] values = [.. Enumerable.Range(0, passes).Select(pass => Gradient(pass, i))];
                Assert.Equal(FixedTree.Sum(values), _blob.Diff[i]);
            }
        }
    }

    [Fact]
    public void Statistics_AreTheFirstPasss()
    {
        using var sums = new GrainSums([new LearnableParam(_blob, 0, 1, "mean")], 4);
        for (int pass = 0; pass < 4; pass++)
        {
            _blob.MutableData.Fill(pass + 10);
            sums.Fold(_device, 0, pass);
        }

        Assert.Equal(10, _blob.Data[Count - 1]);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 4)]
    [InlineData(64, 32)]
    [InlineData(65, 64)]
    public void Tree_SplitsAtTheGreatestPowerOfTwoBelow(int count, int split) =>
        Assert.Equal(split, FixedTree.Split(count));

    [Fact]
    public unsafe void Sums_AndCopies_TouchWhatTheyShould()
    {
        using var source = new Blob(Count);
        for (int i = 0; i < Count; i++)
        {
            (source.MutableData[i], source.MutableDiff[i]) = (i, 2 * i);
            (_blob.MutableData[i], _blob.MutableDiff[i]) = (-1, 100);
        }

        var (to, from) = (new LearnableParam(_blob, 1, 1, "to"), new LearnableParam(source, 1, 1, "from"));
        GradientSum.Add(_device, to, from);
        Assert.Equal((100f + (2 * 36), -1f, 72f), (_blob.Diff[36], _blob.Data[36], source.Diff[36]));
        GradientSum.TakeOver(_device, to, from);
        Assert.Equal((0f, 36f, 72f), (_blob.Diff[36], _blob.Data[36], source.Diff[36]));
    }
}
