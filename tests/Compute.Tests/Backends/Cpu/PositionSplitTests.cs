using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed class PositionSplitTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(0, 10, 5)]
    [InlineData(3, 0, 5)]
    [InlineData(64, 1000, 1)]
    [InlineData(5, 21, 1237)]
    [InlineData(3000, 7, 3)]
    [InlineData(2, 100000, 40)]
    public void TasksAndRuns_CoverEachPositionOnce(int outer, int classes, int inner)
    {
        var split = new PositionSplit(outer, classes, inner);
        Assert.Equal(outer * inner, split.Count);
        int next = 0;
        for (int task = 0; task < split.Tasks; task++)
        {
            (int position, int to) = split.Of(task);
            Assert.Equal(next, position);
            Assert.True(to > position);
            while (position < to)
            {
                (long offset, int length) = split.Run(position, to);
                Assert.Equal(split.IndexOf(position, 0), offset);
                Assert.Equal(offset + length - 1, split.IndexOf(position + length - 1, 0));
                position += length;
            }

            Assert.Equal(to, position);
            next = to;
        }

        Assert.Equal(split.Count, next);
    }

    [Fact]
    public void IndexOf_IsRowMajor() =>
        Assert.Equal((((3L * 5) + 2) * 7) + 4, new PositionSplit(9, 5, 7).IndexOf(25, 2));
}
