using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed class VectorSumsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(1003)]
    public void Sums_AreThoseOfDoublePrecision(int count)
    {
        using var blob = LayerHarness.RandomBlob(1, [count], -3, 5);
        double absolute = 0, squares = 0;
        foreach (float value in blob.Data)
        {
            absolute += Math.Abs(value);
            squares += (double)value * value;
        }

        Assert.Equal(absolute, VectorSums.Absolute(blob.Data), 1e-12 * absolute);
        Assert.Equal(squares, VectorSums.Squares(blob.Data), 1e-12 * squares);
    }

    [Fact]
    public void Squares_OfLargeFloats_DoNotOverflow() =>
        Assert.Equal(33 * 1e76, VectorSums.Squares([.. Enumerable.Repeat(1e38f, 33)]), 1e71);
}
