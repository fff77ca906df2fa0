using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class LanesTests
{
    private static readonly float[] _numbers = [.. Enumerable.Range(0, 2 * Lanes.Count).Select(i => (float)i)];

    [Fact]
    public void Deinterleave_SeparatesEvenAndOddPlaces()
    {
        fixed (float* numbers = _numbers)
        {
            Lanes.Deinterleave(numbers, out Vector512<float> even, out Vector512<float> odd);
            for (int lane = 0; lane < Lanes.Count; lane++)
            {
                Assert.Equal(2 * lane, even.GetElement(lane));
                Assert.Equal((2 * lane) + 1, odd.GetElement(lane));
            }
        }
    }

    [Fact]
    public void StoreInterleaved_UndoesIt()
    {
        float[] result = new float[2 * Lanes.Count];
        fixed (float* numbers = _numbers, target = result)
        {
            Lanes.Deinterleave(numbers, out Vector512<float> even, out Vector512<float> odd);
            Lanes.StoreInterleaved(target, even, odd);
        }

        Assert.Equal(_numbers, result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(20)]
    public void LoadFirst_TakesTheRestFromElsewhere(int count)
    {
        fixed (float* numbers = _numbers)
        {
            Vector512<float> value = Lanes.LoadFirst(numbers, count, -5);
            for (int lane = 0; lane < Lanes.Count; lane++)
                Assert.Equal(lane < count ? lane : -5, value.GetElement(lane));
        }
    }
}
